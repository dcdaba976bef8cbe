package routers

import (
	"fmt"
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

// files serves what follows /files/. The path of the URL is unescaped once,
// under every router; the values that routers take out of it are not always.
var files = downloadview.StorageView{
	Storage: storage,
	Key: func(r *http.Request) (string, error) {
		return strings.TrimPrefix(r.URL.Path, "/files/"), nil
	},
}

// confidential is middleware for a whole application.
func confidential(next downloadview.View) downloadview.View {
	return downloadview.ViewFunc(func(r *http.Request) (downloadview.Response, error) {
		resp, err := next.Respond(r)
		return resp.WithHeader("X-Robots-Tag", "noindex"), err
	})
}

func onMux() http.Handler {
	mux := http.NewServeMux()
	mux.Handle("/files/", downloadview.NewHandler(files, nil))
	mux.HandleFunc("POST /invoices/{id}", func(w http.ResponseWriter, r *http.Request) {
		f, err := storage.File(r.PathValue("id") + ".pdf")
		if err != nil {
			http.NotFound(w, r)
			return
		}
		downloadview.Send(w, r, downloadview.Response{File: f, Name: "Invoice.pdf"})
	})
	return downloadview.Use(confidential)(mux)
}

func onChi() http.Handler {
	r := chi.NewRouter()
	r.Use(downloadview.Use(confidential))
	r.Handle("/files/*", downloadview.NewHandler(files, nil)) // Get would leave HEAD out
	r.Post("/invoices/{id}", func(w http.ResponseWriter, r *http.Request) {
		f, err := storage.File(chi.URLParam(r, "id") + ".pdf")
		if err != nil {
			http.NotFound(w, r)
			return
		}
		downloadview.Send(w, r, downloadview.Response{File: f, Name: "Invoice.pdf"})
	})
	return r
}

func onGin() http.Handler {
	gin.SetMode(gin.ReleaseMode)
	r := gin.New()
	r.Any("/files/*path", gin.WrapH(downloadview.NewHandler(files, nil)))
	r.POST("/invoices/:id", func(c *gin.Context) {
		f, err := storage.File(c.Param("id") + ".pdf")
		if err != nil {
			c.AbortWithError(http.StatusNotFound, err)
			return
		}
		downloadview.Send(c.Writer, c.Request, downloadview.Response{File: f, Name: "Invoice.pdf"})
	})
	return downloadview.Use(confidential)(r) // gin's own middleware is of another kind
}

func onEcho() http.Handler {
	e := echo.New()
	e.Use(echo.WrapMiddleware(downloadview.Use(confidential)))
	e.Any("/files/*", echo.WrapHandler(downloadview.NewHandler(files, nil)))
	e.POST("/invoices/:id", func(c *echo.Context) error {
		f, err := storage.File(c.Param("id") + ".pdf")
		if err != nil {
			return echo.ErrNotFound
		}
		downloadview.Send(c.Response(), c.Request(), downloadview.Response{File: f, Name: "Invoice.pdf"})
		return nil
	})
	return e
}

var routers = map[string]http.Handler{"mux": onMux(), "chi": onChi(), "gin": onGin(), "echo": onEcho()}

// show prints what a client sees.
func show(h http.Handler) {
	for _, request := range []string{"GET /files/17.pdf", "POST /invoices/17"} {
		method, path, _ := strings.Cut(request, " ")
		w := httptest.NewRecorder()
		h.ServeHTTP(w, httptest.NewRequest(method, path, nil))
		fmt.Println(w.Code, w.Header().Get("Content-Disposition"), w.Body)
	}
}

func Example_mux() {
	show(onMux())
	// Output:
	// 200 attachment; filename="17.pdf" 17.pdf
	// 200 attachment; filename="Invoice.pdf" 17.pdf
}

func Example_chi() {
	show(onChi())
	// Output:
	// 200 attachment; filename="17.pdf" 17.pdf
	// 200 attachment; filename="Invoice.pdf" 17.pdf
}

func Example_gin() {
	show(onGin())
	// Output:
	// 200 attachment; filename="17.pdf" 17.pdf
	// 200 attachment; filename="Invoice.pdf" 17.pdf
}

func Example_echo() {
	show(onEcho())
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
