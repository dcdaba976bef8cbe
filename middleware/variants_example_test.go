package middleware_test

import (
	"fmt"
	"net/http/httptest"
	"testing/fstest"

	"github.com/downloadview/downloadview"
	"github.com/downloadview/downloadview/middleware"
	"github.com/downloadview/downloadview/storage/iofs"
)

// A build has put app.css.br beside app.css. Clients that accept Brotli get it under the
// name of the file.
func ExampleVariants() {
	files := iofs.New(fstest.MapFS{
		"app.css":    {Data: []byte("a { color: red; color: red }")},
		"app.css.br": {Data: []byte("(in Brotli)")},
	}, nil)
	variants := middleware.NewVariants(files, nil)
	h := downloadview.NewHandler(variants.View(downloadview.StorageView{Storage: files, Key: downloadview.PathKey("/")}), nil)

	for _, accepts := range []string{"gzip, br", "gzip", "identity"} {
		r := httptest.NewRequest("GET", "/app.css", nil)
		r.Header.Set("Accept-Encoding", accepts)
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		fmt.Printf("%q %s %s %s\n", w.Header().Get("Content-Encoding"), w.Header().Get("Content-Type"), w.Header().Get("Vary"), w.Body)
	}
	// Output:
	// "br" text/css; charset=utf-8 Accept-Encoding (in Brotli)
	// "" text/css; charset=utf-8 Accept-Encoding a { color: red; color: red }
	// "" text/css; charset=utf-8 Accept-Encoding a { color: red; color: red }
}
