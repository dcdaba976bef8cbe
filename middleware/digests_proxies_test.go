package middleware_test

import (
	"context"
	"io"
	"net/http"
	"path/filepath"
	"strings"
	"testing"

	"github.com/downloadview/downloadview"
	"github.com/downloadview/downloadview/internal/proxytest"
	"github.com/downloadview/downloadview/middleware"
)

// What the proxies pass on is what docs/digests.md says.
func TestDigestsBehindProxies(t *testing.T) {
	content := strings.Repeat("0123456789", 1000)
	for _, server := range proxytest.Names() {
		t.Run(server, func(t *testing.T) {
			dir := filepath.Join(t.TempDir(), "media")
			proxytest.Write(t, dir, "a.bin", content)
			files := openDisk(t, dir)
			d := middleware.NewDigests(nil, nil)
			t.Cleanup(d.Close)
			f, err := files.File("a.bin")
			if err != nil {
				t.Fatal(err)
			}
			if _, err := d.Compute(t.Context(), f); err != nil {
				t.Fatal(err)
			}
			proxy := newProxySite(t, server, dir, d.View(downloadview.ViewFunc(func(r *http.Request) (downloadview.Response, error) {
				if r.URL.Path == "/made" {
					return downloadview.Response{File: downloadview.FromFunc("made", func(_ context.Context, w io.Writer) error {
						_, err := io.WriteString(w, content)
						return err
					}, nil)}, nil
				}
				resp, err := filesOf(files).Respond(r)
				if r.Header.Get("Stream") != "" {
					resp.Offloader = downloadview.NeverOffload
				}
				return resp, err
			})))
			whole := digestOf(content)
			old := "SHA-256=" + strings.Trim(strings.TrimPrefix(whole, "sha-256="), ":")
			for _, tt := range []struct {
				name, method, byteRange, stream string
				status                          int
				content                         string
			}{
				{"handed over", "GET", "", "", 200, ""},
				{"handed over, a range", "GET", "bytes=10-4009", "", 206, ""},
				{"HEAD", "HEAD", "", "", 200, ""},
				{"streamed", "GET", "", "1", 200, whole},
				{"streamed, a range", "GET", "bytes=10-4009", "1", 206, digestOf(content[10:4010])},
			} {
				h := http.Header{"Want-Repr-Digest": {"sha-256=1"}, "Want-Content-Digest": {"sha-256=1"}, "Want-Digest": {"SHA-256"}}
				if tt.byteRange != "" {
					h.Set("Range", tt.byteRange)
				}
				if tt.stream != "" {
					h.Set("Stream", "1")
				}
				resp := proxy.do(t, tt.method, "/a.bin", h)
				if resp.StatusCode != tt.status {
					t.Errorf("%s: %s, want %d", tt.name, resp.Status, tt.status)
				}
				for field, want := range map[string]string{"Repr-Digest": whole, "Digest": old, "Content-Digest": tt.content} {
					if got := strings.Join(resp.Header.Values(field), " and "); got != want {
						t.Errorf("%s: %s %q, want %q", tt.name, field, got, want)
					}
				}
			}
			resp := proxy.do(t, "GET", "/made", http.Header{"Want-Content-Digest": {"sha-256=1"}, "Te": {"trailers"}})
			if got := proxytest.Body(t, resp); got != content {
				t.Errorf("made: %d bytes, want %d", len(got), len(content))
			}
			want := ""
			if proxytest.KindOf(t, server).Traits.Requests.PassesTrailers {
				want = whole
			}
			if got := resp.Trailer.Get("Content-Digest"); got != want {
				t.Errorf("made: trailer %q, want %q", got, want)
			}
		})
	}
}
