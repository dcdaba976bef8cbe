//go:build unix

package localfile_test

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/downloadview/downloadview/internal/leaktest"
	"github.com/downloadview/downloadview/internal/localfile"
)

func TestMain(m *testing.M) { leaktest.Main(m) }

func TestOpen(t *testing.T) {
	top := t.TempDir()
	dir := filepath.Join(top, "dir")
	for _, err := range []error{
		os.MkdirAll(filepath.Join(dir, "folder"), 0o755),
		os.WriteFile(filepath.Join(top, "secret"), []byte("secret"), 0o600),
		os.WriteFile(filepath.Join(dir, "file"), []byte("content"), 0o600),
		os.Symlink("file", filepath.Join(dir, "inside")),
		os.Symlink("../secret", filepath.Join(dir, "outside")),
		os.Symlink(filepath.Join(dir, "file"), filepath.Join(dir, "absolute")),
		os.Symlink("..", filepath.Join(dir, "up")),
		os.Symlink("circle", filepath.Join(dir, "circle")),
		syscall.Mkfifo(filepath.Join(dir, "pipe"), 0o600),
		os.Symlink("pipe", filepath.Join(dir, "to the pipe")),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
	root, err := localfile.OpenRoot(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer root.Close()
	for _, name := range []string{"file", "inside"} {
		h, err := root.OpenRegular(t.Context(), name)
		if err != nil {
			t.Errorf("Open(%q): %v", name, err)
			continue
		}
		h.Close()
	}
	for _, name := range []string{
		"missing", "folder", "outside", "absolute", "up/secret", "../secret", "circle", "pipe", "to the pipe", "file/x", strings.Repeat("x", 5000),
	} {
		if h, err := root.OpenRegular(t.Context(), name); err == nil || !root.IsAbsent(err) {
			t.Errorf("Open(%.40q) = %v, %v, want it absent", name, h, err)
		}
	}
	if root.IsAbsent(fs.ErrPermission) || root.IsAbsent(errors.New("broken")) || root.LeadsOut(fs.ErrNotExist) {
		t.Error("another error counts as absent, or as one that leads out")
	}
}
