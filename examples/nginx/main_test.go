package main

import (
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"testing"

	"github.com/downloadview/downloadview/internal/nginxtest"
)

func TestThroughNginx(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "a b.txt"), []byte("hello"), 0o600); err != nil {
		t.Fatal(err)
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer root.Close()
	h, err := handler(root)
	if err != nil {
		t.Fatal(err)
	}
	app := httptest.NewServer(h)
	defer app.Close()
	nginx := nginxtest.Start(t, nginxtest.Options{Upstream: app.Listener.Addr().String(), Directory: dir})

	for _, tt := range []struct {
		user   string
		status int
		body   string
	}{{"member", 200, "hello"}, {"stranger", 401, "Unauthorized\n"}} {
		req, err := http.NewRequestWithContext(t.Context(), "GET", nginx.URL+"/media/a%20b.txt", nil)
		if err != nil {
			t.Fatal(err)
		}
		req.SetBasicAuth(tt.user, "")
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(resp.Body)
		resp.Body.Close()
		if err != nil || resp.StatusCode != tt.status || string(body) != tt.body {
			t.Errorf("%s: %s %q, %v; want %d %q", tt.user, resp.Status, body, err, tt.status, tt.body)
		}
	}
}
