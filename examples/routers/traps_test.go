package routers

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gin-gonic/gin"
	"github.com/go-chi/chi/v5"
	"github.com/go-chi/chi/v5/middleware"
	"github.com/labstack/echo/v5"
	echomiddleware "github.com/labstack/echo/v5/middleware"

	"github.com/downloadview/downloadview"
	"github.com/downloadview/downloadview/accel"
)

// Only under net/http is the value of a wildcard the key. gin's value begins with a
// slash. chi and echo use the encoded path if the URL has one, which depends on how the
// client wrote the name.
func TestValuesOfWildcards(t *testing.T) {
	mux := http.NewServeMux()
	mux.HandleFunc("/files/{path...}", func(w http.ResponseWriter, r *http.Request) { io.WriteString(w, r.PathValue("path")) })
	onChi := chi.NewRouter()
	onChi.HandleFunc("/files/*", func(w http.ResponseWriter, r *http.Request) { io.WriteString(w, chi.URLParam(r, "*")) })
	onGin := gin.New()
	onGin.GET("/files/*path", func(c *gin.Context) { c.String(http.StatusOK, "%s", c.Param("path")) })
	onEcho := echo.New()
	onEcho.GET("/files/*", func(c *echo.Context) error { return c.String(http.StatusOK, c.Param("*")) })
	onPathKey := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		key, err := downloadview.PathKey("/files/")(r)
		fmt.Fprint(w, key)
		if err != nil {
			t.Error(err)
		}
	})
	for _, tt := range []struct{ path, mux, chi, gin, echo, key string }{
		{"a%20b", "a b", "a b", "/a b", "a b", "a b"},
		{"100%25", "100%", "100%", "/100%", "100%", "100%"},
		{"a%20(1)", "a (1)", "a%20(1)", "/a (1)", "a%20(1)", "a (1)"},
		{"a%2Fb%20c", "a/b c", "a%2Fb%20c", "/a/b c", "a%2Fb%20c", "a/b c"},
	} {
		for _, router := range []struct {
			name, want string
			h          http.Handler
		}{{"mux", tt.mux, mux}, {"chi", tt.chi, onChi}, {"gin", tt.gin, onGin}, {"echo", tt.echo, onEcho}, {"PathKey", tt.key, onPathKey}} {
			w := httptest.NewRecorder()
			router.h.ServeHTTP(w, httptest.NewRequest("GET", "/files/"+tt.path, nil))
			if got := w.Body.String(); w.Code != http.StatusOK || got != router.want {
				t.Errorf("%s: %s: %d %q, want %q", router.name, tt.path, w.Code, got, router.want)
			}
		}
	}
}

// net/http redirects a path with empty or dot segments to a clean one, so that keys with
// such segments can't be requested. The others leave the path as it is.
func TestUncleanPaths(t *testing.T) {
	for name, router := range routers {
		want := http.StatusNotFound // aferofs has no such key
		if name == "mux" {
			want = http.StatusTemporaryRedirect
		}
		for _, path := range []string{"/files/2026//a.txt", "/files/./a.txt"} {
			w := httptest.NewRecorder()
			router.ServeHTTP(w, httptest.NewRequest("GET", path, nil))
			if w.Code != want {
				t.Errorf("%s: %s: %d, want %d", name, path, w.Code, want)
			}
		}
	}
}

// Only net/http answers HEAD by a route for GET.
func TestRoutesForHEAD(t *testing.T) {
	h := downloadview.NewHandler(files, nil)
	get := []string{http.MethodGet, http.MethodHead}

	mux := http.NewServeMux()
	mux.Handle("GET /files/", h)
	onChi := chi.NewRouter()
	onChi.Get("/files/*", h.ServeHTTP)
	headedChi := chi.NewRouter()
	headedChi.Use(middleware.GetHead)
	headedChi.Get("/files/*", h.ServeHTTP)
	onGin := gin.New()
	onGin.GET("/files/*path", gin.WrapH(h))
	headedGin := gin.New()
	headedGin.Match(get, "/files/*path", gin.WrapH(h))
	onEcho := echo.New()
	onEcho.GET("/files/*", echo.WrapHandler(h))
	headedEcho := echo.New()
	headedEcho.Match(get, "/files/*", echo.WrapHandler(h))

	for _, tt := range []struct {
		name string
		h    http.Handler
		head int
	}{
		{"mux", mux, 200},
		{"chi", onChi, 405},
		{"chi, GetHead", headedChi, 200},
		{"gin", onGin, 404},
		{"gin, Match", headedGin, 200},
		{"echo", onEcho, 405},
		{"echo, Match", headedEcho, 200},
	} {
		for method, want := range map[string]int{"GET": 200, "HEAD": tt.head} {
			w := httptest.NewRecorder()
			tt.h.ServeHTTP(w, httptest.NewRequest(method, "/files/17.pdf", nil))
			if w.Code != want {
				t.Errorf("%s: %s: %d, want %d", tt.name, method, w.Code, want)
			}
		}
	}
}

// gin sets the status of NoRoute before it calls the handler, and an answer for
// the proxy leaves the status as it is.
func TestHandedOverWithoutARoute(t *testing.T) {
	f, err := storage.File("17.pdf")
	if err != nil {
		t.Fatal(err)
	}
	f = downloadview.WithSource(f, downloadview.Source{Scheme: "file", Path: "/srv/media/17.pdf"})
	view := downloadview.ViewFunc(func(*http.Request) (downloadview.Response, error) { return downloadview.Response{File: f}, nil })
	nginx, err := accel.New(accel.Nginx(), []accel.Rule{{Source: "/srv/media", Destination: "/_media/"}}, nil)
	if err != nil {
		t.Fatal(err)
	}
	h := downloadview.Use(nginx.Middleware)(downloadview.NewHandler(view, nil))

	onChi := chi.NewRouter()
	onChi.NotFound(h.ServeHTTP)
	onGin := gin.New()
	onGin.NoRoute(gin.WrapH(h))
	routedGin := gin.New()
	routedGin.Any("/*path", gin.WrapH(h))
	onEcho := echo.New()
	onEcho.RouteNotFound("/*", echo.WrapHandler(h))
	for _, tt := range []struct {
		name string
		h    http.Handler
		want int
	}{{"chi", onChi, 200}, {"gin", onGin, 404}, {"gin, routed", routedGin, 200}, {"echo", onEcho, 200}} {
		w := httptest.NewRecorder()
		tt.h.ServeHTTP(w, httptest.NewRequest("GET", "/17.pdf", nil))
		if w.Code != tt.want || w.Header().Get("X-Accel-Redirect") != "/_media/17.pdf" {
			t.Errorf("%s: %d %v, want %d", tt.name, w.Code, w.Header(), tt.want)
		}
	}
}

// The timeouts of middleware end downloads. http.TimeoutHandler also keeps a download in
// memory until its end. The others cut it off, and the client notices.
func TestTimeouts(t *testing.T) {
	const limit = 50 * time.Millisecond
	for _, tt := range []struct {
		name   string
		around func(http.Handler) http.Handler
		want   func(status int, err error) bool
	}{
		{"none", func(h http.Handler) http.Handler { return h }, func(status int, err error) bool {
			return status == http.StatusOK && err == nil
		}},
		{"http.TimeoutHandler", func(h http.Handler) http.Handler { return http.TimeoutHandler(h, limit, "") }, func(status int, err error) bool {
			return status == http.StatusServiceUnavailable
		}},
		{"chi's Timeout", middleware.Timeout(limit), func(status int, err error) bool {
			return status != http.StatusOK || err != nil
		}},
		{"echo's ContextTimeout", func(h http.Handler) http.Handler {
			e := echo.New()
			e.Use(echomiddleware.ContextTimeout(limit))
			e.Any("/*", echo.WrapHandler(h))
			return e
		}, func(status int, err error) bool {
			return status != http.StatusOK || err != nil
		}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			arrived := make(chan struct{}) // at the client: the header
			arrive := sync.OnceFunc(func() { close(arrived) })
			endless := tt.name != "none" && tt.name != "http.TimeoutHandler"
			slow := downloadview.FromFunc("slow.txt", func(ctx context.Context, w io.Writer) error {
				if _, err := io.WriteString(w, strings.Repeat("x", 1<<16)); err != nil {
					return err
				}
				done := arrived
				if endless {
					done = nil
				}
				select {
				case <-done:
					return nil
				case <-ctx.Done():
					return context.Cause(ctx)
				}
			}, nil)
			view := downloadview.ViewFunc(func(*http.Request) (downloadview.Response, error) {
				return downloadview.Response{File: slow}, nil
			})
			s := httptest.NewUnstartedServer(tt.around(downloadview.NewHandler(view, &downloadview.Options{Logger: slog.New(slog.DiscardHandler)})))
			s.Config.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, 0)
			s.Start()
			defer s.Close()
			req, err := http.NewRequestWithContext(t.Context(), "GET", s.URL, nil)
			if err != nil {
				t.Fatal(err)
			}
			resp, err := s.Client().Do(req)
			arrive()
			if err != nil { // cut off before the header
				if !tt.want(0, err) {
					t.Error(err)
				}
				return
			}
			defer resp.Body.Close()
			if _, err = io.Copy(io.Discard, resp.Body); !tt.want(resp.StatusCode, err) {
				t.Errorf("status %d, %v", resp.StatusCode, err)
			}
		})
	}
}

// The compressor of each application compresses its pages, but not its downloads.
func TestOnlyPagesArePacked(t *testing.T) {
	for name, router := range routers {
		for path, want := range map[string]string{"/": "gzip", "/files/17.pdf": "", "/files/2026/a%20(1).txt": ""} {
			if name == "mux" {
				want = "" // it has no compressor
			}
			r := httptest.NewRequest("GET", path, nil)
			r.Header.Set("Accept-Encoding", "gzip")
			w := httptest.NewRecorder()
			router.ServeHTTP(w, r)
			if got := w.Header().Get("Content-Encoding"); w.Code != http.StatusOK || got != want {
				t.Errorf("%s: %s: %d, Content-Encoding %q, want %q", name, path, w.Code, got, want)
			}
		}
	}
}
