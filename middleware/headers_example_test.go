package middleware_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"

	"github.com/go-chi/cors"
	"github.com/unrolled/secure"

	"github.com/downloadview/downloadview"
)

// Scripts of one origin may download, with go-chi/cors: Range has to be allowed, and the
// fields of a download have to be exposed.
func Example_cors() {
	view := downloadview.ViewFunc(func(*http.Request) (downloadview.Response, error) {
		return downloadview.Response{File: downloadview.FromString("a.txt", "0123456789", nil)}, nil
	})
	h := cors.Handler(cors.Options{
		AllowedOrigins: []string{"https://app.example"},
		AllowedMethods: []string{"GET", "HEAD"},
		AllowedHeaders: []string{"Range", "If-Range", "If-None-Match", "If-Modified-Since"},
		ExposedHeaders: []string{"Accept-Ranges", "Content-Disposition", "Content-Range", "ETag"},
		MaxAge:         3600,
	})(downloadview.NewHandler(view, nil))

	for _, method := range []string{"OPTIONS", "GET"} {
		r := httptest.NewRequest(method, "/a.txt", nil)
		r.Header.Set("Origin", "https://app.example")
		if method == "OPTIONS" {
			r.Header.Set("Access-Control-Request-Method", "GET")
			r.Header.Set("Access-Control-Request-Headers", "range")
		} else {
			r.Header.Set("Range", "bytes=2-4")
		}
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		fmt.Printf("%d %q for %s\n", w.Code, w.Body, w.Header().Get("Access-Control-Allow-Origin"))
	}
	// Output:
	// 200 "" for https://app.example
	// 206 "234" for https://app.example
}

// Policies for all downloads, with unrolled/secure. HSTS is for the whole host, so it is
// better set by what ends TLS.
func Example_securityHeaders() {
	view := downloadview.ViewFunc(func(*http.Request) (downloadview.Response, error) {
		return downloadview.Response{File: downloadview.FromString("a.svg", "<svg/>", nil), Disposition: downloadview.InlineActive}, nil
	})
	h := secure.New(secure.Options{
		ContentSecurityPolicy:     "default-src 'none'",
		CrossOriginResourcePolicy: "same-site",
		ReferrerPolicy:            "no-referrer",
	}).Handler(downloadview.NewHandler(view, nil))

	w := httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequest("GET", "/a.svg", nil))
	fmt.Println(w.Header().Get("Content-Security-Policy")) // the sandbox of what could run script is added
	fmt.Println(w.Header().Get("Cross-Origin-Resource-Policy"), w.Header().Get("Referrer-Policy"))
	// Output:
	// default-src 'none', sandbox
	// same-site no-referrer
}

// A cache policy by name: files whose name has a version never change.
func Example_cachePolicy() {
	cached := func(v downloadview.View) downloadview.View {
		return downloadview.ViewFunc(func(r *http.Request) (downloadview.Response, error) {
			resp, err := v.Respond(r)
			if err == nil && strings.Contains(resp.File.Name(), ".v") {
				resp.CacheControl = "public, max-age=31536000, immutable"
			}
			return resp, err
		})
	}
	view := downloadview.ViewFunc(func(r *http.Request) (downloadview.Response, error) {
		return downloadview.Response{File: downloadview.FromString(strings.TrimPrefix(r.URL.Path, "/"), "…", nil)}, nil
	})
	h := downloadview.NewHandler(cached(view), nil)

	for _, path := range []string{"/setup.v2.exe", "/latest.exe"} {
		w := httptest.NewRecorder()
		h.ServeHTTP(w, httptest.NewRequest("GET", path, nil))
		fmt.Println(w.Header().Get("Cache-Control"))
	}
	// Output:
	// public, max-age=31536000, immutable
	// private, no-cache
}
