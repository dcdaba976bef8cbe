// Package redistest runs a real Redis for tests.
package redistest

import (
	"fmt"
	"os/exec"
	"strconv"
	"testing"

	"github.com/downloadview/downloadview/internal/testserver"
)

// A Server is a running Redis with an empty database.
type Server struct {
	Addr     string // host and port
	Password string

	process *testserver.Process
}

// Start runs a server until the test ends and returns when it accepts connections. The
// binary is the one in DOWNLOADVIEW_REDIS_SERVER, or redis-server on PATH. Without one
// the test is skipped, as [testserver.Binary] says.
func Start(t testing.TB) *Server {
	t.Helper()
	binary := testserver.Binary(t, "redis-server", "DOWNLOADVIEW_REDIS_SERVER")
	s := &Server{Password: "not-to-be-seen"}
	port := testserver.FreePort(t)
	s.Addr = fmt.Sprintf("127.0.0.1:%d", port)
	s.process = testserver.Start(t, s.Addr, exec.Command(binary,
		"--bind", "127.0.0.1", "--port", strconv.Itoa(port), "--dir", t.TempDir(),
		"--requirepass", s.Password, "--save", "", "--appendonly", "no"))
	return s
}

// URL is the server's URL, with the password.
func (s *Server) URL() string { return "redis://:" + s.Password + "@" + s.Addr + "/0" }

// Kill ends the server.
func (s *Server) Kill() { s.process.Kill() }
