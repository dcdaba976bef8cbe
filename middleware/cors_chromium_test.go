package middleware_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/go-chi/cors"

	"github.com/downloadview/downloadview"
	"github.com/downloadview/downloadview/internal/testserver"
)

// A script of an allowed origin reads a range in the real Chromium, which asks for
// permission first, and sees the fields of the answer. A script of another origin reads
// nothing.
func TestCORSInChromium(t *testing.T) {
	pages := http.NewServeMux()
	allowed, other := httptest.NewServer(pages), httptest.NewServer(pages)
	defer allowed.Close()
	defer other.Close()
	o := corsOfDownloads
	o.AllowedOrigins = []string{allowed.URL}
	downloads := httptest.NewServer(cors.Handler(o)(downloadview.NewHandler(downloadview.ViewFunc(func(*http.Request) (downloadview.Response, error) {
		return downloadview.Response{File: downloadview.FromString("a.txt", "0123456789", nil)}, nil
	}), nil)))
	defer downloads.Close()
	pages.HandleFunc("/{$}", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		fmt.Fprintf(w, `<!doctype html><body><script>
			const x = new XMLHttpRequest()
			x.open("GET", %q, false)
			x.setRequestHeader("Range", "bytes=2-4")
			let said = "refused"
			try {
				x.send()
				said = [x.status, x.responseText, x.getResponseHeader("Content-Range"), x.getResponseHeader("Content-Disposition")].join(" ")
			} catch {}
			document.write("<p>" + said + "</p>")
		</script>`, downloads.URL)
	})
	for url, want := range map[string]string{
		allowed.URL: `<p>206 234 bytes 2-4/10 attachment; filename="a.txt"</p>`,
		other.URL:   "<p>refused</p>",
	} {
		if page := testserver.Browse(t, url); !strings.Contains(page, want) {
			t.Errorf("the page is %s, want %s in it", page, want)
		}
	}
}
