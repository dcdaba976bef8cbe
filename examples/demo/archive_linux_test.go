package main

import (
	"bytes"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"github.com/downloadview/downloadview"
	"github.com/downloadview/downloadview/archive"
	"github.com/downloadview/downloadview/examples/internal/paused"
)

// Chromium goes on with an archive after a pause in which the connection ended, in each
// layout. What it has saved is the whole archive.
func TestArchiveIsResumedByChromium(t *testing.T) {
	content := make([]byte, 64<<20) // more than Chromium and the sockets keep while it is paused
	_, _ = rand.NewChaCha8([32]byte{}).Read(content)
	member := downloadview.FromBytes("large.bin", content, &downloadview.Attributes{ETag: `"v1"`})
	all := archive.Of(archive.Entry{Name: "large.bin", File: member}, archive.Entry{Name: "empty/"})
	for name, f := range map[string]downloadview.File{
		"all.zip": archive.Zip("all.zip", all, nil),
		"all.tar": archive.Tar("all.tar", all, nil),
	} {
		t.Run(name, func(t *testing.T) {
			requests := make(chan downloadview.Outcome, 100)
			o := &downloadview.Options{Observer: func(_ *http.Request, o downloadview.Outcome) { requests <- o }}
			view := downloadview.ViewFunc(func(r *http.Request) (downloadview.Response, error) {
				resp := downloadview.Response{File: f}
				if r.Header.Get("Range") == "" {
					resp.LimitRate = 2 << 20 // so that there is time to pause it
				}
				return resp, nil
			})
			mux := http.NewServeMux()
			mux.HandleFunc("GET /{$}", func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("Content-Type", "text/html; charset=utf-8")
				w.Write([]byte(`<!doctype html><title>All</title><a href="/all">Download all</a>`))
			})
			mux.Handle("GET /all", downloadview.NewHandler(view, o))
			server := httptest.NewUnstartedServer(mux)
			server.Listener = downloadview.EndStalled(server.Listener, 3*time.Second)
			server.Start()
			defer server.Close()

			dir := t.TempDir()
			ctx := paused.Open(t, dir)
			if err := chromedp.Do(ctx, chromedp.Navigate(server.URL)); err != nil {
				t.Fatal(err)
			}
			paused.Download(ctx, t, chromedp.Click(chromedp.CSS("a")), func() {
				select {
				case o := <-requests:
					if o.Status != 200 || o.AbortedBy != downloadview.AbortedByStall {
						t.Fatalf("the paused download ended with %+v, want a stall", o)
					}
				case <-ctx.Done():
					t.Fatal("no request ended")
				}
			})
			if o := <-requests; o.Status != 206 {
				t.Errorf("the resumed download is %+v, want a range", o)
			}
			whole := httptest.NewRequest("GET", "/all", nil)
			whole.Header.Set("Range", "bytes=0-") // without the limit
			w := httptest.NewRecorder()
			mux.ServeHTTP(w, whole)
			saved, err := os.ReadFile(filepath.Join(dir, name))
			if err != nil || !bytes.Equal(saved, w.Body.Bytes()) {
				t.Errorf("saved %d bytes, %v; want the %d of the archive", len(saved), err, w.Body.Len())
			}
		})
	}
}
