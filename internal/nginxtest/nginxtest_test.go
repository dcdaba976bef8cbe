package nginxtest_test

import (
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"testing"

	"github.com/downloadview/downloadview/internal/nginxtest"
)

func TestStart(t *testing.T) {
	for _, version := range []string{"", "1.0", "1.1"} {
		for _, network := range []string{"tcp", "unix"} {
			t.Run(network+" "+version, func(t *testing.T) {
				dir := filepath.Join(t.TempDir(), `with "space" \ and {braces}`)
				if err := os.Mkdir(dir, 0o700); err != nil {
					t.Fatal(err)
				}
				if err := os.WriteFile(filepath.Join(dir, "a.txt"), []byte("from nginx"), 0o600); err != nil {
					t.Fatal(err)
				}
				app := httptest.NewUnstartedServer(http.HandlerFunc(answer))
				upstream := listen(t, app, network)
				srv := nginxtest.Start(t, nginxtest.Options{
					Upstream: upstream, Directory: dir, UpstreamHTTP: version,
					Extra: "location = /extra { return 204; }",
				})

				want := "HTTP/" + version
				if version == "" {
					want = "HTTP/1.1"
				}
				if got := nginxtest.Body(t, srv.Do(t, "GET", "//proto%2F/..%2f", nil)); got != want+" //proto%2F/..%2f" {
					t.Errorf("the application saw %q, want %q and the target unchanged", got, want)
				}
				resp := srv.Do(t, "GET", "/file", nil)
				if got := nginxtest.Body(t, resp); resp.StatusCode != http.StatusOK || got != "from nginx" {
					t.Errorf("offloaded: %s %q, want 200 and the file", resp.Status, got)
				}
				if got := resp.Header.Get("X-Content-Type-Options"); got != "nosniff" {
					t.Errorf("offloaded: X-Content-Type-Options %q, want nosniff", got)
				}
				if resp := srv.Do(t, "GET", "/folder", nil); resp.StatusCode != http.StatusNotFound {
					t.Errorf("offloaded folder: %s, want 404", resp.Status)
				}
				if resp := srv.Do(t, "GET", "/extra", nil); resp.StatusCode != http.StatusNoContent {
					t.Errorf("/extra: %s, want 204", resp.Status)
				}
			})
		}
	}
}

func answer(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("X-Content-Type-Options", "nosniff")
	switch r.RequestURI {
	case "/file":
		w.Header().Set("X-Accel-Redirect", "/_media/a.txt")
	case "/folder":
		w.Header().Set("X-Accel-Redirect", "/_media/")
	default:
		fmt.Fprint(w, r.Proto, " ", r.RequestURI)
	}
}

// listen starts app and returns its address for nginx.
func listen(t *testing.T, app *httptest.Server, network string) string {
	addr := "127.0.0.1:0"
	if network == "unix" {
		addr = filepath.Join(t.TempDir(), "app.sock")
	}
	l, err := net.Listen(network, addr)
	if err != nil {
		t.Fatal(err)
	}
	app.Listener.Close()
	app.Listener = l
	app.Start()
	t.Cleanup(app.Close)
	if network == "unix" {
		return "unix:" + addr
	}
	return l.Addr().String()
}
