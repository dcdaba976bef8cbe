package caddy_test

import (
	"net/http"
	"path"
	"testing"

	"github.com/downloadview/downloadview/accel"
	"github.com/downloadview/downloadview/internal/proxies/site"
	"github.com/downloadview/downloadview/internal/proxytest"
)

// eachCaddy runs f with a site whose application hands over, for any path, the
// file of the same name.
func eachCaddy(t *testing.T, fields http.Header, f func(t *testing.T, proxy *proxytest.Server, dir string)) {
	for _, server := range []string{"caddy", "caddy@2.6"} {
		t.Run(server, func(t *testing.T) {
			dir := t.TempDir()
			proxy := proxytest.Start(t, server, site.Site{
				Upstream: proxytest.Application(t, func(w http.ResponseWriter, r *http.Request) {
					proxytest.Answer(fields)(w, r)
					w.Header().Set("X-Accel-Redirect", "/_media/"+path.Base(r.URL.Path))
				}),
				Rules: []site.Rule{{Rule: accel.Rule{Source: dir, Destination: "/_media/"}}},
			}, proxytest.Options{})
			f(t, proxy, dir)
		})
	}
}

// If the client's path and the file's end in the same name, Caddy would redirect: for
// a folder to the path with a slash, for a file to the path without.
func TestCaddyRedirectsNobody(t *testing.T) {
	eachCaddy(t, nil, func(t *testing.T, proxy *proxytest.Server, dir string) {
		proxytest.Write(t, dir, "a.bin", "0123456789")
		proxytest.Write(t, dir, "folder/index.html", "index")
		for target, want := range map[string]int{"/a.bin": 200, "/a.bin/": 200, "/folder": 404, "/folder/": 404, "/files/folder": 404} {
			resp := proxy.Do(t, "GET", target, nil)
			if resp.StatusCode != want || resp.Header.Get("Location") != "" {
				t.Errorf("%s: %s to %q, want %d", target, resp.Status, resp.Header.Get("Location"), want)
			}
		}
	})
}

// For a file that is stored compressed, Caddy keeps a Content-Length that it finds.
func TestCaddySendsEncodedFiles(t *testing.T) {
	encoded := http.Header{"Content-Encoding": {"gzip"}, "Content-Type": {"text/plain"}}
	eachCaddy(t, encoded, func(t *testing.T, proxy *proxytest.Server, dir string) {
		proxytest.Write(t, dir, "a.bin", "0123456789")
		for method, want := range map[string]string{"GET": "0123456789", "HEAD": ""} {
			resp := proxy.Do(t, method, "/a.bin", nil)
			body := proxytest.Body(t, resp)
			if resp.StatusCode != 200 || body != want || resp.Header.Get("Content-Encoding") != "gzip" || resp.ContentLength == 0 {
				t.Errorf("%s: %s %q, encoded %q, length %d, want the file", method, resp.Status, body, resp.Header.Get("Content-Encoding"), resp.ContentLength)
			}
		}
	})
}

// Caddy's own answer has no body and no fields of the file.
func TestCaddyMissingFile(t *testing.T) {
	fields := http.Header{}
	for _, name := range []string{"Cache-Control", "Content-Disposition", "Content-Type", "Etag", "Expires", "Last-Modified"} {
		fields.Set(name, proxytest.Described[name])
	}
	eachCaddy(t, fields, func(t *testing.T, proxy *proxytest.Server, _ string) {
		resp := proxy.Do(t, "GET", "/missing", nil)
		if body := proxytest.Body(t, resp); resp.StatusCode != http.StatusNotFound || body != "" {
			t.Errorf("%s %q, want 404 and nothing more", resp.Status, body)
		}
		for name := range fields {
			if got := resp.Header.Values(name); got != nil {
				t.Errorf("%s %q, want none", name, got)
			}
		}
	})
}

// Caddy 2.6 keeps fields of the application when it refuses a range, but not the
// Content-Length of an answer without a body.
func TestCaddy26RefusesARange(t *testing.T) {
	f := proxytest.NewFront(t, "caddy@2.6", nil)
	resp := f.Send(t, "GET", f.Value("a.bin"), "Range", "bytes=50-")
	if body := proxytest.Body(t, resp); resp.StatusCode != http.StatusRequestedRangeNotSatisfiable || body == "" {
		t.Errorf("%s %q, want 416 with a body", resp.Status, body)
	}
}
