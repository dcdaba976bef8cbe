package middleware_test

import (
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/downloadview/downloadview"
	"github.com/downloadview/downloadview/accel"
	"github.com/downloadview/downloadview/internal/nginxtest"
	"github.com/downloadview/downloadview/middleware"
	"github.com/downloadview/downloadview/storage/disk"
)

// The real nginx sends the file that a link permits, with the link's name.
func TestLinksBehindNginx(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "media")
	if err := os.Mkdir(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "q 1;a.pdf"), []byte("0123456789"), 0o600); err != nil {
		t.Fatal(err)
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { root.Close() })
	a, err := accel.New(accel.Nginx(), []accel.Rule{{Source: dir, Destination: "/_media/"}}, nil)
	if err != nil {
		t.Fatal(err)
	}
	links := middleware.NewLinks(exampleKeys, nil)
	outcomes := make(chan downloadview.Outcome, 10)
	view := downloadview.NewHandler(a.Middleware(&downloadview.StorageView{Storage: disk.New(root, nil), Key: downloadview.PathKey("/")}), &downloadview.Options{
		Observer: func(_ *http.Request, o downloadview.Outcome) { outcomes <- o },
	})
	app := httptest.NewServer(links.Handler(view))
	t.Cleanup(app.Close)
	nginx := nginxtest.Start(t, nginxtest.Options{Upstream: app.Listener.Addr().String(), Directory: dir})

	link, err := links.Sign("/q%201%3Ba.pdf", middleware.Grant{Expires: time.Now().Add(time.Hour), Name: "Q1.pdf"})
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		method, target, byteRange string
		status                    int
		body                      string
	}{
		{"GET", link, "", 200, "0123456789"},
		{"GET", link + "&utm_source=mail", "bytes=2-4", 206, "234"},
		{"HEAD", link, "", 200, ""},
		{"GET", strings.Replace(link, "%201", "%202", 1), "", 403, "Forbidden\n"},
		{"GET", strings.Replace(link, "%3B", ";", 1), "", 403, "Forbidden\n"},
		{"GET", "/q%201%3Ba.pdf", "", 403, "Forbidden\n"},
		{"GET", "/" + link, "", 403, "Forbidden\n"},
		{"GET", "/x/.." + link, "", 403, "Forbidden\n"},
	} {
		header := http.Header{}
		if tt.byteRange != "" {
			header.Set("Range", tt.byteRange)
		}
		resp := nginx.Do(t, tt.method, tt.target, header)
		body := nginxtest.Body(t, resp)
		if resp.StatusCode != tt.status || body != tt.body {
			t.Errorf("%s %s: %d %q, want %d %q", tt.method, tt.target, resp.StatusCode, body, tt.status, tt.body)
			continue
		}
		if tt.status >= 400 {
			continue
		}
		if o := <-outcomes; o.Mode != downloadview.Offloaded {
			t.Errorf("%s %s was not handed over: %v, %v", tt.method, tt.target, o.Mode, o.Obstacle)
		}
		if got := resp.Header.Get("Content-Disposition"); got != `attachment; filename="Q1.pdf"` {
			t.Errorf("%s %s: Content-Disposition %q", tt.method, tt.target, got)
		}
	}
}
