// Package leaktest runs the tests of a package and fails it where they leave a
// goroutine or, on Linux, a file descriptor behind.
package leaktest

import (
	"fmt"
	"net/http"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"
)

// Main is for TestMain: it runs m, looks for what was left, and exits.
func Main(m *testing.M) { os.Exit(Checked{m}.Run()) }

// Checked is an M whose Run looks for what was left, for those who hand it on.
type Checked struct{ *testing.M }

// Run returns the exit status, which is not 0 where something was left.
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

func left(before []string) error {
	http.DefaultTransport.(*http.Transport).CloseIdleConnections()
	if err := goleak.Find(); err != nil {
		return err
	}
	// A socket is closed by whoever noticed last, perhaps after its goroutine.
	deadline := time.Now().Add(5 * time.Second)
	for {
		after := openFiles()
		if len(after) <= len(before) {
			return nil
		}
		if time.Now().After(deadline) {
			return fmt.Errorf("%d descriptors were open before the tests, %d after them:\n%q", len(before), len(after), after)
		}
		<-time.After(10 * time.Millisecond)
	}
}

// openFiles tells what the descriptors of this process are, but for those of
// the runtime, which come and stay.
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

// isRuntimes tells whether the Go runtime keeps this open: its poller, and the
// files that say how many processors it may use.
func isRuntimes(path string) bool {
	return slices.Contains([]string{"anon_inode:[eventpoll]", "anon_inode:[eventfd]", "anon_inode:[pidfd]"}, path) ||
		strings.HasPrefix(path, "/sys/fs/cgroup/")
}
