package spool_test

import (
	"bytes"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"

	"github.com/downloadview/downloadview"
	"github.com/downloadview/downloadview/accel"
	"github.com/downloadview/downloadview/internal/nginxtest"
	"github.com/downloadview/downloadview/spool"
)

// Content that is being made is streamed; complete content is sent by nginx, without
// a byte through this process.
func TestNginx(t *testing.T) {
	want := content(500_000)
	dir := t.TempDir()
	s, seen := newSpool(t, dir, nil)
	a, err := accel.New(accel.Nginx(), []accel.Rule{{Source: s.Files(), Destination: "/_media/"}}, nil)
	if err != nil {
		t.Fatal(err)
	}
	p := making(want)
	var mu sync.Mutex
	var outcomes []downloadview.Outcome
	view := downloadview.ViewFunc(func(r *http.Request) (downloadview.Response, error) {
		return s.Response(r, january, downloadview.Response{File: p.file(nil)})
	})
	app := httptest.NewServer(downloadview.NewHandler(a.Middleware(view), &downloadview.Options{
		Observer: func(_ *http.Request, o downloadview.Outcome) {
			mu.Lock()
			defer mu.Unlock()
			outcomes = append(outcomes, o)
		},
	}))
	t.Cleanup(app.Close)
	nginx := nginxtest.Start(t, nginxtest.Options{Upstream: app.Listener.Addr().String(), Directory: s.Files()})

	for i, r := range []string{"", "", "bytes=100-199"} {
		header := http.Header{}
		if r != "" {
			header.Set("Range", r)
		}
		resp := nginx.Do(t, "GET", "/january", header)
		body, status := want, http.StatusOK
		if r != "" {
			body, status = want[100:200], http.StatusPartialContent
		}
		if got := nginxtest.Body(t, resp); resp.StatusCode != status || !bytes.Equal([]byte(got), body) {
			t.Errorf("request %d: %s with %d bytes, want %d with %d", i+1, resp.Status, len(got), status, len(body))
		}
		if got := resp.Header.Get("Content-Disposition"); got != `attachment; filename="report.csv"` {
			t.Errorf("request %d: Content-Disposition %q", i+1, got)
		}
		if got := resp.Header.Get("Cache-Status"); (got != "") != (i == 0) {
			t.Errorf("request %d: Cache-Status %q, want it in streamed answers only; docs/spool.md says so", i+1, got)
		}
		seen.await(spool.Kept, 1)
	}
	mu.Lock()
	defer mu.Unlock()
	for i, o := range outcomes {
		mode, n := downloadview.Offloaded, int64(0)
		if i == 0 {
			mode, n = downloadview.Streamed, int64(len(want))
		}
		if o.Mode != mode || o.Bytes != n {
			t.Errorf("request %d: %v with %d bytes of this process, want %v with %d", i+1, o.Mode, o.Bytes, mode, n)
		}
	}
	if len(outcomes) != 3 || p.calls.Load() != 1 {
		t.Errorf("%d requests, made %d times, want 3 and once", len(outcomes), p.calls.Load())
	}
}
