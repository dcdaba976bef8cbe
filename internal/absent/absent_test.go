package absent_test

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/downloadview/downloadview/internal/absent"
)

func TestIs(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{filepath.Join(file, "x"), filepath.Join(dir, strings.Repeat("x", 5000))} {
		if _, err := os.Open(path); !absent.Is(err) {
			t.Errorf("opening %.60q: %v, want it to count as absent", path, err)
		}
	}
	for _, err := range []error{
		nil, fs.ErrPermission, fs.ErrNotExist, errors.New("broken"),
		syscall.EIO, syscall.EMFILE, syscall.ENFILE, syscall.ENOMEM, syscall.ETIMEDOUT, syscall.ENOSYS, // of the system
	} {
		if absent.Is(err) {
			t.Errorf("%v counts as absent", err)
		}
	}
}
