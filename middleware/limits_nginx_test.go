package middleware_test

import (
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/downloadview/downloadview"
	"github.com/downloadview/downloadview/accel"
	"github.com/downloadview/downloadview/internal/nginxtest"
	"github.com/downloadview/downloadview/middleware"
	"github.com/downloadview/downloadview/storage/disk"
)

// Behind the real nginx, a download that nginx sends counts as long as was said. One with
// a shared rate is streamed through nginx, and is over with its last byte. A refusal
// reaches the client as it is.
func TestLimitsBehindNginx(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "media")
	if err := os.Mkdir(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "a.txt"), []byte("0123456789"), 0o600); err != nil {
		t.Fatal(err)
	}
	store, err := disk.Open(dir, nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { store.Close() })
	a, err := accel.New(accel.Nginx(), []accel.Rule{{Source: dir, Destination: "/_media/"}}, nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		name string
		rate int64
		mode downloadview.Mode
		open int
	}{
		{"handed over", 0, downloadview.Offloaded, 1},
		{"streamed", 1 << 20, downloadview.Streamed, 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			limit := middleware.NewDownloadLimit(&middleware.DownloadLimitOptions{Most: 1, HandedOver: time.Hour, RetryAfter: time.Minute})
			rate := middleware.NewRateLimit(tt.rate, nil)
			modes := make(chan downloadview.Mode, 10)
			h := downloadview.NewHandler(a.Middleware(downloadview.StorageView{Storage: store, Key: downloadview.PathKey("/")}), &downloadview.Options{
				Observer: func(_ *http.Request, o downloadview.Outcome) { modes <- o.Mode },
			})
			ended := make(chan bool, 10)
			limited := limit.Handler(downloadview.Use(rate.View)(h))
			app := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				defer func() { ended <- true }()
				limited.ServeHTTP(w, r)
			}))
			t.Cleanup(app.Close)
			nginx := nginxtest.Start(t, nginxtest.Options{Upstream: app.Listener.Addr().String(), Directory: dir})
			for _, method := range []string{"HEAD", "GET"} {
				resp := nginx.Do(t, method, "/a.txt", nil)
				body := nginxtest.Body(t, resp)
				if want := map[string]string{"GET": "0123456789"}[method]; resp.StatusCode != 200 || body != want {
					t.Errorf("%s: %d %q", method, resp.StatusCode, body)
				}
				<-ended
				if got := <-modes; method == "GET" && got != tt.mode {
					t.Errorf("the mode is %v, want %v", got, tt.mode)
				}
			}
			if got := limit.Open(); got != tt.open {
				t.Errorf("%d downloads are open, want %d", got, tt.open)
			}
			resp := nginx.Do(t, "GET", "/a.txt", nil)
			body := nginxtest.Body(t, resp)
			if tt.open == 0 {
				if resp.StatusCode != 200 {
					t.Errorf("the next download: %d", resp.StatusCode)
				}
				return
			}
			if resp.StatusCode != 503 || body != "Service Unavailable\n" || resp.Header.Get("Retry-After") != "60" {
				t.Errorf("the next download: %d %q, %v", resp.StatusCode, body, resp.Header)
			}
		})
	}
}
