// Package pgtest runs a real PostgreSQL for tests, with an empty database on a
// unix socket.
package pgtest

import (
	"bytes"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/downloadview/downloadview/internal/testserver"
)

// A Server is a running PostgreSQL.
type Server struct {
	// Socket is the folder of its unix socket.
	Socket string

	// DSN is the connection string, in libpq's form, which pgx reads, too. The
	// user has all permissions, the database is empty.
	DSN string
}

// user is the database's superuser.
const user = "app"

// patience is how long the server may take to start and to stop.
const patience = 60 * time.Second

// Start runs a server until the test ends and returns when it answers. The
// binary is the one in DOWNLOADVIEW_POSTGRES, or Debian's newest, or postgres
// on PATH; initdb must be beside it. Without one the test is skipped, as
// [testserver.Binary] says. Close connections before the test ends: the server
// stops without waiting for them.
func Start(t testing.TB) *Server {
	t.Helper()
	postgres := binary(t)
	dir := folder(t)
	data := filepath.Join(dir, "data")
	initdb := command(filepath.Join(filepath.Dir(postgres), "initdb"),
		"-D", data, "-U", user, "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync", "--no-instructions")
	if out, err := initdb.CombinedOutput(); err != nil {
		t.Fatalf("%s: %v\n%s", initdb, err, out)
	}
	// The folder has no other socket, so the port number doesn't matter.
	run(t, dir, command(postgres, "-D", data, "-k", dir, "-c", "listen_addresses=",
		"-c", "fsync=off", "-c", "synchronous_commit=off", "-c", "full_page_writes=off"))
	return &Server{
		Socket: dir,
		DSN:    fmt.Sprintf("host=%s user=%s dbname=postgres sslmode=disable", dir, user),
	}
}

// binary returns the path of postgres, which Debian doesn't put on PATH.
func binary(t testing.TB) string {
	t.Helper()
	const envVar = "DOWNLOADVIEW_POSTGRES"
	if os.Getenv(envVar) == "" {
		if found, _ := filepath.Glob("/usr/lib/postgresql/*/bin/postgres"); len(found) > 0 {
			return found[len(found)-1]
		}
	}
	return testserver.Binary(t, "postgres", envVar)
}

// folder creates a folder for the server's user. The folder of t.TempDir isn't
// accessible to other users, and its path is too long for a unix socket.
func folder(t testing.TB) string {
	t.Helper()
	parent := os.TempDir()
	if len(parent) > 60 {
		parent = "/tmp"
	}
	dir, err := os.MkdirTemp(parent, "pg")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := os.RemoveAll(dir); err != nil {
			t.Error(err)
		}
	})
	if err := give(dir); err != nil {
		t.Fatal(err)
	}
	return dir
}

// command returns a command that runs as the server's user, which isn't root:
// PostgreSQL refuses to run as root. The command doesn't get the test's
// environment, which may have PGDATA or LC_ALL.
func command(name string, args ...string) *exec.Cmd {
	cmd := exec.Command(name, args...)
	cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "LC_ALL=C", "TZ=UTC"}
	cmd.Dir = filepath.Dir(name)
	cmd.SysProcAttr = unprivileged()
	return cmd
}

// run starts cmd and returns when it answers on a socket in dir.
func run(t testing.TB, dir string, cmd *exec.Cmd) {
	t.Helper()
	var log output
	cmd.Stdout, cmd.Stderr = &log, &log
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	go func() {
		cmd.Wait() // the test ended it, so the error doesn't matter
		close(done)
	}()
	t.Cleanup(func() {
		end(cmd.Process, done)
		if t.Failed() {
			t.Logf("%s said:\n%s", cmd, log.String())
		}
	})
	deadline := time.After(patience)
	poll := time.NewTicker(20 * time.Millisecond)
	defer poll.Stop()
	for !answers(filepath.Join(dir, ".s.PGSQL.5432")) {
		select {
		case <-done:
			t.Fatalf("%s ended before it answered:\n%s", cmd, log.String())
		case <-deadline:
			t.Fatalf("%s does not answer after %v", cmd, patience)
		case <-poll.C:
		}
	}
}

// end shuts the server down at once, with all its processes. If it were killed,
// it would leave its shared memory behind.
func end(p *os.Process, done <-chan struct{}) {
	if p.Signal(syscall.SIGQUIT) == nil {
		select {
		case <-done:
			return
		case <-time.After(patience):
		}
	}
	p.Kill()
	<-done
}

// answers reports whether the server accepts sessions. It accepts connections
// earlier; then its first byte is E for an error. R means that the session may
// go on.
func answers(socket string) bool {
	c, err := net.Dial("unix", socket)
	if err != nil {
		return false
	}
	defer c.Close()
	c.SetDeadline(time.Now().Add(patience))
	hello := "\x00\x03\x00\x00user\x00" + user + "\x00database\x00postgres\x00\x00"
	if _, err := c.Write(append([]byte{0, 0, 0, byte(4 + len(hello))}, hello...)); err != nil {
		return false
	}
	var kind [1]byte
	_, err = c.Read(kind[:])
	return err == nil && kind[0] == 'R'
}

// output collects what the server writes while a test reads it.
type output struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (o *output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.buf.Write(p)
}

func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.buf.String()
}
