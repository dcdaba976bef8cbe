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
	CertFile string // the certificate, if the server was started by StartTLS

	process *testserver.Process
}

// Start runs a server until the test ends and returns when it accepts connections. The
// binary is the one in DOWNLOADVIEW_REDIS_SERVER, or redis-server on PATH. Without one
// the test is skipped, as [testserver.Binary] says.
func Start(t testing.TB) *Server {
	t.Helper()
	return start(t, "--port", func(*Server) []string { return nil })
}

// StartTLS is as Start, but the server speaks TLS only, with a certificate for
// 127.0.0.1 in CertFile. The server asks clients for none.
func StartTLS(t testing.TB) *Server {
	t.Helper()
	return start(t, "--tls-port", func(s *Server) []string {
		var key string
		s.CertFile, key = testserver.Certificate(t)
		return []string{"--port", "0", "--tls-cert-file", s.CertFile, "--tls-key-file", key, "--tls-auth-clients", "no"}
	})
}

// start runs a server that listens by a port of the option port, with more options.
func start(t testing.TB, port string, more func(*Server) []string) *Server {
	t.Helper()
	binary := testserver.Binary(t, "redis-server", "DOWNLOADVIEW_REDIS_SERVER")
	s := &Server{Password: "not-to-be-seen"}
	n := testserver.FreePort(t)
	s.Addr = fmt.Sprintf("127.0.0.1:%d", n)
	args := append(more(s), "--bind", "127.0.0.1", port, strconv.Itoa(n), "--dir", t.TempDir(),
		"--requirepass", s.Password, "--save", "", "--appendonly", "no")
	s.process = testserver.Start(t, s.Addr, exec.Command(binary, args...))
	return s
}

// URL is the server's URL, with the password.
func (s *Server) URL() string {
	scheme := "redis"
	if s.CertFile != "" {
		scheme = "rediss"
	}
	return scheme + "://:" + s.Password + "@" + s.Addr + "/0"
}

// Kill ends the server.
func (s *Server) Kill() { s.process.Kill() }
