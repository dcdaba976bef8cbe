package proxies_test

import (
	"net/http"
	"path/filepath"
	"strconv"
	"testing"

	"github.com/downloadview/downloadview/internal/proxies/site"
	"github.com/downloadview/downloadview/internal/proxytest"
)

// An application can't hand over a part of a file as a part of something larger, such
// as an archive: no server sends the bytes that were meant, under the application's
// Content-Range. docs/design/0009-ranges-of-archives.md depends on it.
func TestNoServerTakesAPart(t *testing.T) {
	const (
		asked  = "bytes=2-4"    // by the client, of the archive
		within = "bytes 2-4/20" // for the client
		want   = "567"          // from the file, at 5
	)
	for _, name := range proxytest.Names() {
		t.Run(name, func(t *testing.T) {
			dir := filepath.Join(t.TempDir(), "media")
			proxytest.Write(t, dir, "a.bin", "0123456789")
			f := &proxytest.Front{Kind: proxytest.KindOf(t, name), Dir: dir}
			fields := map[string]string{f.Field(): f.Value("a.bin")}
			if name == "lighttpd" {
				fields["X-Sendfile2"] = f.Value("a.bin") + " 5-7" // FastCGI only
			}
			app := proxytest.Application(t, func(w http.ResponseWriter, r *http.Request) {
				h, field := w.Header(), r.Header.Get("Answer-Field")
				h.Set(field, fields[field])
				h.Set("Range", "bytes=5-7")
				h.Set("Content-Range", within)
				h.Set("Content-Type", "application/zip")
				status, _ := strconv.Atoi(r.Header.Get("Answer-Status"))
				w.WriteHeader(status)
			})
			rules := []site.Rule{f.Rule("media", "/_media/", dir)}
			f.Server = proxytest.Start(t, name, site.Site{Upstream: app, Rules: rules}, proxytest.Options{})
			for field := range fields {
				for _, status := range []string{"200", "206"} {
					t.Run(field+", "+status, func(t *testing.T) {
						resp := f.Do(t, "GET", "/part", http.Header{"Range": {asked}, "Answer-Field": {field}, "Answer-Status": {status}})
						body := proxytest.Body(t, resp)
						t.Logf("%d, %q, %q", resp.StatusCode, resp.Header.Values("Content-Range"), body)
						if body == want && resp.Header.Get("Content-Range") == within {
							t.Errorf("%d: the server sent the part that was meant", resp.StatusCode)
						}
					})
				}
			}
		})
	}
}
