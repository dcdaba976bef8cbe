package matrix_test

import (
	"context"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/downloadview/downloadview"
	printed "github.com/downloadview/downloadview/internal/proxies/site"
	"github.com/downloadview/downloadview/internal/proxytest"
)

// No server takes a range out of content that has none: what is made for the next request
// may be different.
func TestRangesOfGeneratedContent(t *testing.T) {
	content := strings.Repeat("generated ", 300)
	f := downloadview.FromFunc("a.csv", func(_ context.Context, w io.Writer) error {
		_, err := io.WriteString(w, content)
		return err
	}, nil)
	view := downloadview.ViewFunc(func(*http.Request) (downloadview.Response, error) {
		return downloadview.Response{File: f}, nil
	})
	h := downloadview.NewHandler(view, nil)
	for _, server := range servers {
		t.Run(server, func(t *testing.T) {
			proxy := proxytest.Start(t, server, printed.Site{
				Upstream: proxytest.Application(t, h.ServeHTTP),
				Rules:    []printed.Rule{proxytest.KindOf(t, server).Rule("media", "/_media/", t.TempDir())},
			}, proxytest.Options{})
			for _, wanted := range []string{"bytes=100-", "bytes=-10", "bytes=5-1", "bytes=5000-", "bytes=0-1,5-6"} {
				resp := proxy.Do(t, "GET", "/a.csv", http.Header{"Range": {wanted}})
				if body := proxytest.Body(t, resp); resp.StatusCode != http.StatusOK || body != content {
					t.Errorf("%s: %s, %d bytes with %v; want the whole", wanted, resp.Status, len(body), resp.Header)
				}
			}
		})
	}
}
