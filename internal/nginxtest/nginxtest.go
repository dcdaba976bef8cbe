// Package nginxtest runs the real nginx for tests, with the configuration in
// testdata/nginx that the documentation shows.
package nginxtest

import (
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/downloadview/downloadview/internal/testserver"
)

// Options are the settings of a test's nginx.
type Options struct {
	// Upstream is where the application listens: "127.0.0.1:4711" or
	// "unix:/path/to.sock". It is required.
	Upstream string

	// Directory is what the internal location /_media/ serves. It is required,
	// and absolute.
	Directory string

	// UpstreamHTTP is the version of HTTP that nginx speaks with the
	// application, "1.0" or "1.1"; "" means 1.1.
	UpstreamHTTP string

	// Extra are more directives for the server block, such as locations.
	Extra string
}

// A Server is a running nginx.
type Server struct {
	URL     string // without a slash at its end
	Addr    string // host and port of URL
	Process *testserver.Process

	transport *http.Transport
}

// Start runs nginx until the test ends and returns when it accepts connections.
// Without nginx the test is skipped or fails, as [testserver.Binary] says; the
// variable DOWNLOADVIEW_NGINX may name one. If the test fails, nginx's error
// log is shown.
func Start(t testing.TB, o Options) *Server {
	t.Helper()
	nginx := testserver.Binary(t, "nginx", "DOWNLOADVIEW_NGINX")
	addr := fmt.Sprintf("127.0.0.1:%d", testserver.FreePort(t))
	dir := t.TempDir()
	for name, content := range configuration(t, o, addr) {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	p := testserver.Start(t, addr, exec.Command(nginx, "-p", dir+"/", "-c", "nginx.conf", "-e", "stderr"))
	transport := &http.Transport{DisableCompression: true}
	t.Cleanup(transport.CloseIdleConnections)
	return &Server{URL: "http://" + addr, Addr: addr, Process: p, transport: transport}
}
