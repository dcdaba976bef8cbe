package routers

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	gzipped "github.com/gin-contrib/gzip"
	"github.com/gin-gonic/gin"
	"github.com/go-chi/chi/v5"
	"github.com/go-chi/chi/v5/middleware"
	"github.com/klauspost/compress/gzhttp"
	"github.com/labstack/echo/v5"
	echomiddleware "github.com/labstack/echo/v5/middleware"

	"github.com/downloadview/downloadview"
	"github.com/downloadview/downloadview/accel"
	"github.com/downloadview/downloadview/storage/disk"
)

// below puts h below a compressor of the whole application.
var below = map[string]func(h http.Handler) http.Handler{
	"mux": func(h http.Handler) http.Handler {
		mux := http.NewServeMux()
		mux.Handle("/files/", h)
		return gzhttp.GzipHandler(mux)
	},
	"chi": func(h http.Handler) http.Handler {
		r := chi.NewRouter()
		r.Use(middleware.Compress(5))
		r.Handle("/files/*", h)
		return r
	},
	"gin": func(h http.Handler) http.Handler {
		r := gin.New()
		r.Use(gzipped.Gzip(gzipped.DefaultCompression))
		r.Any("/files/*path", gin.WrapH(h))
		return r
	},
	"echo": func(h http.Handler) http.Handler {
		e := echo.New()
		e.Use(echomiddleware.Gzip())
		e.Any("/files/*", echo.WrapHandler(h))
		return e
	},
}

// beside has the compressor for pages, but not for downloads.
var beside = map[string]func(h http.Handler) http.Handler{
	"mux": func(h http.Handler) http.Handler {
		pages := http.NewServeMux()
		mux := http.NewServeMux()
		mux.Handle("/", gzhttp.GzipHandler(pages))
		mux.Handle("/files/", h)
		return mux
	},
	"chi": func(h http.Handler) http.Handler {
		r := chi.NewRouter()
		r.Handle("/files/*", h)
		r.Group(func(pages chi.Router) {
			pages.Use(middleware.Compress(5))
		})
		return r
	},
	"gin": func(h http.Handler) http.Handler {
		r := gin.New()
		r.Use(gzipped.Gzip(gzipped.DefaultCompression, gzipped.WithExcludedPaths([]string{"/files/"})))
		r.Any("/files/*path", gin.WrapH(h))
		return r
	},
	"echo": func(h http.Handler) http.Handler {
		e := echo.New()
		e.Use(echomiddleware.GzipWithConfig(echomiddleware.GzipConfig{
			Skipper: func(c *echo.Context) bool { return strings.HasPrefix(c.Request().URL.Path, "/files/") },
		}))
		e.Any("/files/*", echo.WrapHandler(h))
		return e
	},
}

// An answer has the parts of a response that a compressor may change.
type answer struct {
	status         int
	encoding, body string // body as it arrives: "packed" or "as it is"
	length, ranges bool   // Content-Length and Content-Range
	strong         bool   // ETag, which says that the bytes are those of the file
}

var (
	whole  = answer{200, "", "as it is", true, false, true}
	part   = answer{206, "", "as it is", true, true, true}
	packed = answer{200, "gzip", "packed", false, false, true}

	// broken is a part that no client can use: its range counts bytes of the
	// file, its body has bytes of something else.
	broken = answer{206, "gzip", "packed", false, true, true}
)

// Compressors remove the length of downloads, but keep the entity tag of the
// uncompressed bytes, and most compress a part of a file as if it were a file. Besides,
// with a compressor the kernel can't send local files.
func TestCompressors(t *testing.T) {
	gin.SetMode(gin.ReleaseMode)
	var b strings.Builder
	for i := range 20_000 {
		fmt.Fprintln(&b, i)
	}
	text := b.String()
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "words.txt"), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer root.Close()
	view := files
	view.Storage = disk.New(root, nil)
	h := downloadview.NewHandler(view, nil)

	for _, tt := range []struct {
		router      string
		whole, part answer
	}{
		{"mux", packed, part},
		{"chi", packed, broken},
		{"gin", packed, broken},
		{"echo", packed, broken},
	} {
		if got := ask(t, below[tt.router](h), text, ""); got != tt.whole {
			t.Errorf("%s, below: %+v, want %+v", tt.router, got, tt.whole)
		}
		if got := ask(t, below[tt.router](h), text[11:80_011], "bytes=11-80010"); got != tt.part {
			t.Errorf("%s, below, range: %+v, want %+v", tt.router, got, tt.part)
		}
		if got := ask(t, beside[tt.router](h), text, ""); got != whole {
			t.Errorf("%s, beside: %+v, want %+v", tt.router, got, whole)
		}
		if got := ask(t, beside[tt.router](h), text[11:80_011], "bytes=11-80010"); got != part {
			t.Errorf("%s, beside, range: %+v, want %+v", tt.router, got, part)
		}
	}

	nginx, err := accel.New(accel.Nginx(), []accel.Rule{{Source: dir, Destination: "/_media/"}}, nil)
	if err != nil {
		t.Fatal(err)
	}
	for name := range beside {
		offloaded := beside[name](downloadview.Use(nginx.Middleware)(h))
		if got := ask(t, offloaded, "", ""); got.encoding != "" {
			t.Errorf("%s, beside: an offloaded download has Content-Encoding %q", name, got.encoding)
		}
	}
}

// ask sends a request of a client that accepts gzip.
func ask(t *testing.T, h http.Handler, want, rng string) answer {
	t.Helper()
	s := httptest.NewServer(h)
	defer s.Close()
	req, err := http.NewRequestWithContext(t.Context(), "GET", s.URL+"/files/words.txt", nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Accept-Encoding", "gzip")
	if rng != "" {
		req.Header.Set("Range", rng)
	}
	transport := &http.Transport{}
	defer transport.CloseIdleConnections()
	resp, err := transport.RoundTrip(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	got := answer{
		status:   resp.StatusCode,
		encoding: resp.Header.Get("Content-Encoding"),
		body:     "packed",
		length:   resp.ContentLength >= 0,
		ranges:   resp.Header.Get("Content-Range") != "",
		strong:   strings.HasPrefix(resp.Header.Get("Etag"), `"`),
	}
	if string(body) == want {
		got.body = "as it is"
	}
	return got
}
