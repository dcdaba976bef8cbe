package main

import (
	"bytes"
	"context"
	"io"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"github.com/downloadview/downloadview"
	"github.com/downloadview/downloadview/examples/internal/paused"
	"github.com/downloadview/downloadview/spool"
)

// After a pause Chromium asks for the rest by If-Range. It couldn't use a part whose end
// nobody knows: it would give up. So it gets the whole.
func TestGrowingContentIsResumedByChromium(t *testing.T) {
	content := make([]byte, 64<<20) // more than Chromium and the sockets keep while it is paused
	_, _ = rand.NewChaCha8([32]byte{1}).Read(content)
	goOn := make(chan struct{})
	f := downloadview.FromFunc("report.bin", func(_ context.Context, w io.Writer) error {
		_, err := w.Write(content[:48<<20])
		if err == nil {
			<-goOn
			_, err = w.Write(content[48<<20:])
		}
		return err
	}, nil)
	reports, err := spool.New(t.TempDir(), nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { reports.Close() })

	requests := make(chan downloadview.Outcome, 100)
	resumed := make(chan http.Header, 100)
	o := &downloadview.Options{Observer: func(_ *http.Request, o downloadview.Outcome) { requests <- o }}
	view := downloadview.ViewFunc(func(r *http.Request) (downloadview.Response, error) {
		resp := downloadview.Response{File: f}
		if r.Header.Get("Range") == "" {
			resp.LimitRate = 2 << 20 // so that there is time to pause it
		} else {
			resumed <- r.Header.Clone()
		}
		return reports.Response(r, spool.ID{Key: "report"}, resp)
	})
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		w.Write([]byte(`<!doctype html><title>Report</title><a href="/report">Download</a>`))
	})
	mux.Handle("GET /report", downloadview.NewHandler(view, o))
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
		go func() {
			if h := <-resumed; h.Get("If-Range") == "" {
				t.Errorf("resumed with %v, want If-Range", h)
			}
			close(goOn)
		}()
	})
	if o := <-requests; o.Status != 200 {
		t.Errorf("the resumed download is %+v, want the whole", o)
	}
	saved, err := os.ReadFile(filepath.Join(dir, "report.bin"))
	if err != nil || !bytes.Equal(saved, content) {
		t.Errorf("saved %d bytes, %v; want the %d of the report", len(saved), err, len(content))
	}
}
