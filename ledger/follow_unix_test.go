//go:build unix

package ledger_test

import (
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/downloadview/downloadview/ledger"
)

// A pipe is an error, and is not waited for: it has no lines to go back to.
func TestFollowOfAPipe(t *testing.T) {
	log := filepath.Join(t.TempDir(), "pipe")
	if err := syscall.Mkfifo(log, 0o600); err != nil {
		t.Fatal(err)
	}
	err := ledger.Follow(t.Context(), log, ledger.Position{}, func([]byte, ledger.Position) error { return nil }, nil)
	if err == nil || !strings.Contains(err.Error(), "pipe is not a file") {
		t.Errorf("Follow returns %v, want an error that names the pipe", err)
	}
}
