package downloadview_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/downloadview/downloadview"
	"github.com/downloadview/downloadview/internal/proxies/site"
	"github.com/downloadview/downloadview/internal/proxytest"
)

// A brokenAt file fails after at bytes. Its size is that of its facts; -1 is unknown.
type brokenAt struct {
	at   int
	size int64
}

func (brokenAt) Name() string { return "broken.bin" }

func (f brokenAt) Open(context.Context) (fs.File, error) {
	begin := bytes.NewReader(make([]byte, f.at))
	return breakingHandle{breaking{f.size}, io.MultiReader(begin, failing{})}, nil
}

// No proxy, with the configuration that the command prints for it, passes on an
// aborted download as a complete one, except a proxy that is known to do so for answers
// without a length. The file or a deadline of the application causes the abort.
func TestABrokenDownloadThroughProxies(t *testing.T) {
	options := &downloadview.Options{Logger: slog.New(slog.DiscardHandler)}
	mux := http.NewServeMux()
	for name, f := range map[string]downloadview.File{
		"early": brokenAt{5000, -1}, "late": brokenAt{1 << 20, -1},
		"sized-early": brokenAt{5000, 2 << 20}, "sized-late": brokenAt{1 << 20, 2 << 20},
	} {
		h := downloadview.NewHandler(downloadview.ViewFunc(func(*http.Request) (downloadview.Response, error) {
			return downloadview.Response{File: f}, nil
		}), options)
		mux.Handle("/"+name, h)
	}
	slow := downloadview.NewHandler(downloadview.ViewFunc(func(*http.Request) (downloadview.Response, error) {
		return downloadview.Response{File: downloadview.FromFunc("a.txt", trickle, nil), LimitRate: 20_000}, nil
	}), options)
	mux.HandleFunc("/deadline", func(w http.ResponseWriter, r *http.Request) {
		ctx, cancel := context.WithTimeout(r.Context(), 300*time.Millisecond)
		defer cancel()
		slow.ServeHTTP(w, r.WithContext(ctx))
	})
	for _, server := range proxytest.Names() {
		for _, network := range []string{"tcp", "unix"} {
			t.Run(server+"/"+network, func(t *testing.T) {
				completes := proxytest.KindOf(t, server).Traits.Requests.CompletesBroken
				front := proxytest.Start(t, server, site.Site{Upstream: serveOn(t, network, mux)}, proxytest.Options{})
				client := &http.Client{Transport: &http.Transport{}, Timeout: 20 * time.Second}
				defer client.CloseIdleConnections()
				for _, path := range []string{"/early", "/late", "/sized-early", "/sized-late", "/deadline"} {
					if completes && !strings.HasPrefix(path, "/sized") {
						continue
					}
					if n, err := fetched(client, front.URL+path); err == nil {
						t.Errorf("%s: the client takes %d bytes for a complete download", path, n)
					}
				}
			})
		}
	}
}

// trickle writes 20,000 bytes.
func trickle(_ context.Context, w io.Writer) error {
	for range 100 {
		if _, err := fmt.Fprintf(w, "%200d", 0); err != nil {
			return err
		}
	}
	return nil
}
