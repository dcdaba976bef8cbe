package routers

import (
	"bytes"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/gin-gonic/gin"
	"github.com/go-chi/chi/v5"
	"github.com/labstack/echo/v5"
	"github.com/spf13/afero"

	"github.com/downloadview/downloadview"
	"github.com/downloadview/downloadview/storage/aferofs"
)

// storage holds some files.
var storage = func() downloadview.Storage {
	m := afero.NewMemMapFs()
	for _, key := range []string{"2026/a (1).txt", "17.pdf"} {
		if err := afero.WriteFile(m, key, []byte(key), 0o600); err != nil {
			panic(err)
		}
	}
	return aferofs.New(m, nil)
}()

// files serves the file with the key that follows /files/ in the path of the URL. Under
// every router that path is unescaped once, which isn't true for the values of all
// routers' wildcards.
var files = downloadview.StorageView{
	Storage: storage,
	Key:     downloadview.PathKey("/files/"),
}

// confidential is a middleware for the whole application.
func confidential(next downloadview.View) downloadview.View {
	return downloadview.ViewFunc(func(r *http.Request) (downloadview.Response, error) {
		resp, err := next.Respond(r)
		return resp.WithHeader("X-Robots-Tag", "noindex"), err
	})
}

// index is a page that compressors compress.
var index = http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	io.WriteString(w, strings.Repeat("<p>downloads</p>", 1000))
})

var routers = func() map[string]http.Handler {
	gin.SetMode(gin.ReleaseMode)
	return map[string]http.Handler{
		"mux":  onNetHTTP(storage, confidential, index),
		"chi":  onChi(storage, confidential, index),
		"gin":  onGin(storage, confidential, index),
		"echo": onEcho(storage, confidential, index),
	}
}()

// show prints the answer that a client gets.
func show(h http.Handler) {
	for _, request := range []string{"GET /files/17.pdf", "POST /invoices/17"} {
		method, path, _ := strings.Cut(request, " ")
		w := httptest.NewRecorder()
		h.ServeHTTP(w, httptest.NewRequest(method, path, nil))
		fmt.Println(w.Code, w.Header().Get("Content-Disposition"), w.Body)
	}
}

func Example_mux() {
	show(routers["mux"])
	// Output:
	// 200 attachment; filename="17.pdf" 17.pdf
	// 200 attachment; filename="Invoice.pdf" 17.pdf
}

func Example_chi() {
	show(routers["chi"])
	// Output:
	// 200 attachment; filename="17.pdf" 17.pdf
	// 200 attachment; filename="Invoice.pdf" 17.pdf
}

func Example_gin() {
	show(routers["gin"])
	// Output:
	// 200 attachment; filename="17.pdf" 17.pdf
	// 200 attachment; filename="Invoice.pdf" 17.pdf
}

func Example_echo() {
	show(routers["echo"])
	// Output:
	// 200 attachment; filename="17.pdf" 17.pdf
	// 200 attachment; filename="Invoice.pdf" 17.pdf
}

// The answer is the same under every router.
func TestRoutersAgree(t *testing.T) {
	for _, tt := range []struct {
		method, path, rng string
		status            int
		body              string
	}{
		{"GET", "/files/2026/a%20(1).txt", "", 200, "2026/a (1).txt"},
		{"GET", "/files/2026/a%20%281%29.txt", "", 200, "2026/a (1).txt"},
		{"GET", "/files/2026%2Fa%20(1).txt", "", 200, "2026/a (1).txt"},
		{"GET", "/files/17.pdf", "bytes=3-", 206, "pdf"},
		{"HEAD", "/files/17.pdf", "", 200, ""},
		{"DELETE", "/files/17.pdf", "", 405, "Method Not Allowed\n"},
		{"GET", "/files/..%2F17.pdf", "", 404, "Not Found\n"},
		{"GET", "/files/18.pdf", "", 404, "Not Found\n"},
		{"POST", "/invoices/17", "", 200, "17.pdf"},
		{"POST", "/invoices/17", "bytes=3-", 200, "17.pdf"},
	} {
		for name, router := range routers {
			r := httptest.NewRequest(tt.method, tt.path, nil)
			if tt.rng != "" {
				r.Header.Set("Range", tt.rng)
			}
			w := httptest.NewRecorder()
			router.ServeHTTP(w, r)
			if w.Code != tt.status || w.Body.String() != tt.body {
				t.Errorf("%s: %s %s: %d %q, want %d %q", name, tt.method, tt.path, w.Code, w.Body, tt.status, tt.body)
			}
			if got := w.Header().Get("X-Robots-Tag"); (got == "noindex") != (tt.status < 300) {
				t.Errorf("%s: %s %s: X-Robots-Tag %q", name, tt.method, tt.path, got)
			}
		}
	}
}

// Without a Key, the key is the wildcard that is named "path" in a route of net/http.
// Under the other routers the answer is an error that the log explains, not 404.
func TestViewWithoutAKey(t *testing.T) {
	view := downloadview.StorageView{Storage: storage}
	var log bytes.Buffer
	h := downloadview.NewHandler(view, &downloadview.Options{Logger: slog.New(slog.NewTextHandler(&log, nil))})

	mux := http.NewServeMux()
	mux.Handle("/files/{path...}", h)
	mux.Handle("/other/{file...}", h)
	onChi := chi.NewRouter()
	onChi.Handle("/files/{path:.*}", h)
	onChi.Handle("/other/*", h)
	onGin := gin.New()
	onGin.Any("/other/*path", gin.WrapH(h))
	onEcho := echo.New()
	onEcho.Any("/other/*", echo.WrapHandler(h))

	for name, router := range map[string]http.Handler{"mux": mux, "chi": onChi, "gin": onGin, "echo": onEcho} {
		for path, want := range map[string]int{"/files/2026%2Fa%20(1).txt": 200, "/files/": 404, "/other/17.pdf": 500} {
			if strings.HasPrefix(path, "/files/") && (name == "gin" || name == "echo") {
				continue
			}
			log.Reset()
			w := httptest.NewRecorder()
			router.ServeHTTP(w, httptest.NewRequest("GET", path, nil))
			if w.Code != want || strings.Contains(log.String(), "downloadview.PathKey") != (want == 500) {
				t.Errorf("%s: %s: %d, log %q, want %d", name, path, w.Code, log.String(), want)
			}
		}
	}
}

// A part of an application that is mounted as a whole sees the same path.
func TestGroups(t *testing.T) {
	view := downloadview.StorageView{Storage: storage, Key: downloadview.PathKey("/api/files/")}
	h := downloadview.NewHandler(view, nil)

	mux := http.NewServeMux()
	mux.Handle("/api/files/", h)
	onChi := chi.NewRouter()
	onChi.Route("/api", func(r chi.Router) { r.Handle("/files/*", h) })
	mounted := chi.NewRouter()
	mounted.Mount("/api/files", h)
	onGin := gin.New()
	onGin.Group("/api").Any("/files/*path", gin.WrapH(h))
	onEcho := echo.New()
	onEcho.Group("/api").Any("/files/*", echo.WrapHandler(h))
	stripped := http.NewServeMux()
	stripped.Handle("/api/", http.StripPrefix("/api", downloadview.NewHandler(
		downloadview.StorageView{Storage: storage, Key: downloadview.PathKey("/files/")}, nil)))

	for name, router := range map[string]http.Handler{"mux": mux, "chi": onChi, "chi, mounted": mounted, "gin": onGin, "echo": onEcho, "stripped": stripped} {
		for _, path := range []string{"/api/files/2026%2Fa%20(1).txt", "/api/files/2026/a%20%281%29.txt"} {
			w := httptest.NewRecorder()
			router.ServeHTTP(w, httptest.NewRequest("GET", path, nil))
			if w.Code != 200 || w.Body.String() != "2026/a (1).txt" {
				t.Errorf("%s: %s: %d %q", name, path, w.Code, w.Body)
			}
		}
	}
}
