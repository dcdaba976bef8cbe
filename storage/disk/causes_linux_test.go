package disk_test

import (
	"net/http"
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/downloadview/downloadview"
	"github.com/downloadview/downloadview/storage/disk"
)

// If a process has no more descriptors, that says nothing about the file.
func TestTooManyOpenFiles(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "a"), []byte("x"), 0o600); err != nil {
		t.Fatal(err)
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer root.Close()
	f, err := disk.New(root, nil).File("a")
	if err != nil {
		t.Fatal(err)
	}
	var before syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &before); err != nil {
		t.Fatal(err)
	}
	none := before
	none.Cur = 0
	if err := syscall.Setrlimit(syscall.RLIMIT_NOFILE, &none); err != nil {
		t.Fatal(err)
	}
	h, err := f.Open(t.Context())
	if restored := syscall.Setrlimit(syscall.RLIMIT_NOFILE, &before); restored != nil {
		t.Fatal(restored)
	}
	if err == nil {
		h.Close()
	}
	if got := downloadview.StatusCode(err); got != http.StatusServiceUnavailable {
		t.Errorf("%v is answered with %d, want 503", err, got)
	}
}
