package testserver

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"net"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"
)

// patience is how long a server may take to accept connections. A busy machine
// with a cold disk needs most of it.
const patience = 60 * time.Second

// FreePort returns the number of an unused loopback port. It is below the range
// from which systems assign ports themselves, and no other call returns it before the
// test ends, also in other processes on Linux. So no other server or connection of a test
// takes it before it is used.
func FreePort(t testing.TB) int {
	t.Helper()
	const first, last, tries = 12000, 32000, 100
	var err error
	for range tries {
		port := first + rand.IntN(last-first)
		if !reserve(t, port) {
			continue
		}
		var l net.Listener
		if l, err = net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", port)); err == nil {
			l.Close()
			return port
		}
	}
	t.Fatal(err)
	return 0
}

// reserve reports whether port is the test's until it ends. A server may take seconds
// before it listens, and would be mistaken for one that began to listen there meanwhile.
func reserve(t testing.TB, port int) bool {
	if runtime.GOOS != "linux" {
		return true
	}
	l, err := net.Listen("unix", fmt.Sprintf("@downloadview-test-port-%d", port)) // a name without a file
	if err != nil {
		return false
	}
	t.Cleanup(func() { l.Close() })
	return true
}

// WaitTCP returns when a server accepts connections at addr, such as
// "127.0.0.1:8080". It fails the test if none does within a minute.
func WaitTCP(t testing.TB, addr string) {
	t.Helper()
	if err := wait(addr, nil); err != nil {
		t.Fatal(err)
	}
}

// A Process is a server that runs until the test ends.
type Process struct {
	cmd  *exec.Cmd
	log  log
	done chan struct{} // closed when it has ended
}

// Start runs cmd and returns when it accepts connections at addr. It is killed
// when the test ends; if the test failed, its output is shown. A server that
// ends before it listens fails the test.
//
// Start replaces Stdout and Stderr of cmd. A nil Env means the test's
// environment.
func Start(t testing.TB, addr string, cmd *exec.Cmd) *Process {
	t.Helper()
	p := Launch(t, cmd)
	p.Await(t, addr)
	return p
}

// Launch is [Start] without waiting for connections.
func Launch(t testing.TB, cmd *exec.Cmd) *Process {
	t.Helper()
	p := &Process{cmd: cmd, done: make(chan struct{})}
	cmd.Stdout, cmd.Stderr = &p.log, &p.log
	if err := cmd.Start(); err != nil {
		t.Fatalf("start %s: %v", cmd.Path, err)
	}
	go func() {
		cmd.Wait() // it was killed, so the error doesn't matter
		close(p.done)
	}()
	t.Cleanup(func() {
		p.Kill()
		if t.Failed() {
			t.Logf("%s said:\n%s", strings.Join(cmd.Args, " "), p.Log())
		}
	})
	return p
}

// Await returns when the process accepts connections at addr.
func (p *Process) Await(t testing.TB, addr string) {
	t.Helper()
	if err := wait(addr, p.done); err != nil {
		t.Fatalf("%s: %v", p.cmd.Path, err)
	}
}

// Kill ends the process at once and waits for its end. It may be called more
// than once.
func (p *Process) Kill() {
	p.cmd.Process.Kill()
	<-p.done
}

// PID returns the id of the process.
func (p *Process) PID() int { return p.cmd.Process.Pid }

// Signal sends sig to the process.
func (p *Process) Signal(sig os.Signal) error { return p.cmd.Process.Signal(sig) }

// Done is closed when the process has ended.
func (p *Process) Done() <-chan struct{} { return p.done }

// Log returns what the process has written so far.
func (p *Process) Log() string { return p.log.String() }

// wait polls addr until it accepts a connection or gone is closed.
func wait(addr string, gone <-chan struct{}) error {
	deadline := time.After(patience)
	poll := time.NewTicker(20 * time.Millisecond)
	defer poll.Stop()
	for {
		c, err := net.DialTimeout("tcp", addr, time.Second)
		if err == nil {
			return c.Close()
		}
		select {
		case <-gone:
			return fmt.Errorf("ended before it listened on %s", addr)
		case <-deadline:
			return fmt.Errorf("does not listen on %s after %v: %w", addr, patience, err)
		case <-poll.C:
		}
	}
}

// log collects output of the process while a test reads it.
type log struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (l *log) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.buf.Write(p)
}

func (l *log) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.buf.String()
}
