// Package leaktest runs the tests of a package and fails if they leave a
// goroutine or, on Linux, a file descriptor behind.
package leaktest

import (
	"fmt"
	"net/http"
	"os"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"
)

// Main is for TestMain: it runs m, looks for leaks, and exits.
func Main(m *testing.M) { os.Exit(Checked{m}.Run()) }

// Checked is an M whose Run looks for leaks. Pass it to code that runs an M.
type Checked struct{ *testing.M }

// Run returns the exit status, which is not 0 if there is a leak.
func (c Checked) Run() int {
	before := openFiles()
	code := c.M.Run()
	if code == 0 {
		if err := left(before); err != nil {
			fmt.Fprintln(os.Stderr, err)
			code = 1
		}
	}
	return code
}

// Watch returns a function that fails the test if there are more descriptors than now,
// or any goroutine that doesn't run now, and waits for those that are about to end. No
// other test may run at the same time.
func Watch(t testing.TB) (check func()) {
	before, running := openFiles(), len(goroutines())
	return func() {
		t.Helper()
		if err := leftOf(before, running); err != nil {
			t.Error(err)
		}
	}
}

// left looks for leaks, and waits for goroutines and descriptors that are about
// to end. A socket, for example, is closed by its last user, perhaps after its
// goroutine has ended.
func left(before []string) error { return leftOf(before, 0) }

// leftOf is left where some goroutines run anyway.
func leftOf(before []string, most int) error {
	http.DefaultTransport.(*http.Transport).CloseIdleConnections()
	deadline := time.Now().Add(5 * time.Second)
	for {
		running, after := goroutines(), openFiles()
		switch late := time.Now().After(deadline); {
		case len(running) <= most && len(after) <= len(before):
			return nil
		case late && len(running) > most:
			return fmt.Errorf("%d unexpected goroutines after the tests:\n%s", len(running), strings.Join(running, "\n\n"))
		case late:
			return fmt.Errorf("%d descriptors were open before the tests, %d after them:\n%q", len(before), len(after), after)
		}
		<-time.After(10 * time.Millisecond)
	}
}

// goroutines returns the stacks of the goroutines, except this one and those
// that the runtime and package os/signal keep running.
func goroutines() []string {
	buf := make([]byte, 1<<16)
	n := runtime.Stack(buf, true)
	for n == len(buf) {
		buf = make([]byte, 2*len(buf))
		n = runtime.Stack(buf, true)
	}
	stacks := strings.Split(strings.TrimSpace(string(buf[:n])), "\n\n")
	return slices.DeleteFunc(stacks[1:], isKeptRunning)
}

// isKeptRunning reports whether a goroutine belongs to the runtime: it waits for
// signals, writes a trace, or is a thread of cgo.
func isKeptRunning(stack string) bool {
	head, _, _ := strings.Cut(stack, "\n")
	return strings.Contains(head, "[syscall") ||
		slices.ContainsFunc([]string{"os/signal.signal_recv", "os/signal.loop", "runtime.ensureSigM", "runtime.ReadTrace"}, func(f string) bool {
			return strings.Contains(stack, f+"(")
		})
}

// openFiles returns the targets of this process's descriptors, except the
// runtime's, which come and go.
func openFiles() []string {
	entries, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		return nil
	}
	var open []string
	for _, e := range entries {
		to, err := os.Readlink("/proc/self/fd/" + e.Name())
		if err == nil && !isRuntimes(to) {
			open = append(open, to)
		}
	}
	return open
}

// isRuntimes reports whether the Go runtime keeps this open: its poller, or the
// files with the number of available processors.
func isRuntimes(path string) bool {
	return slices.Contains([]string{"anon_inode:[eventpoll]", "anon_inode:[eventfd]", "anon_inode:[pidfd]"}, path) ||
		strings.HasPrefix(path, "/sys/fs/cgroup/")
}
