//go:build unix

package middleware

import (
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// A pipe without a writer is an error, and not waited for: a server that reads its keys
// again would never do so any more.
func TestReadKeysOfAPipe(t *testing.T) {
	pipe := filepath.Join(t.TempDir(), "links.keys")
	if err := syscall.Mkfifo(pipe, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := ReadKeys(pipe); err == nil || !strings.Contains(err.Error(), "not a regular file") {
		t.Errorf("%v, want that it is not a regular file", err)
	}
}
