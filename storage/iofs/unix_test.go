//go:build unix

package iofs_test

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/downloadview/downloadview/storage/iofs"
)

func TestNoFile(t *testing.T) {
	dir := t.TempDir()
	sub := filepath.Join(dir, "sub")
	if err := os.Mkdir(sub, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Mkfifo(filepath.Join(sub, "fifo"), 0o644); err != nil {
		t.Fatal(err)
	}
	for name, target := range map[string]string{"to-fifo": "fifo", "device": "/dev/null", "loop": "loop", "dangling": "x", "up": ".."} {
		if err := os.Symlink(target, filepath.Join(sub, name)); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.WriteFile(filepath.Join(sub, "file"), nil, 0o644); err != nil {
		t.Fatal(err)
	}
	s := iofs.New(os.DirFS(sub), nil)
	for _, key := range []string{"fifo", "to-fifo", "device", "loop", "dangling", "up", "file/x", strings.Repeat("n", 300)} {
		wantNotFoundAtOnce(t, s, key)
	}
	below, err := fs.Sub(os.DirFS(dir), "sub")
	if err != nil {
		t.Fatal(err)
	}
	for name, target := range map[string]string{
		"to-to-fifo": "to-fifo", "absolute-fifo": filepath.Join(sub, "fifo"), "outside-fifo": "../sub/fifo", "to-file": "file", "to-to-file": "up/sub/to-file",
	} {
		if err := os.Symlink(target, filepath.Join(sub, name)); err != nil {
			t.Fatal(err)
		}
	}
	for _, key := range []string{
		"fifo", "to-fifo", "to-to-fifo", "absolute-fifo", "outside-fifo", "device", "loop", "dangling", "up", "file/x",
	} {
		wantNotFoundAtOnce(t, iofs.New(below, nil), key)
	}
	for _, key := range []string{"file", "to-file", "to-to-file"} {
		if got, err := read(t, iofs.New(below, nil), key); got != "" || err != nil {
			t.Errorf("%q = %q, %v, want the empty file", key, got, err)
		}
	}
	names, err := namesIn(t, s, "")
	if want := []string{"file", "to-file", "to-to-file", "up"}; err != nil || !slices.Equal(names, want) {
		t.Errorf("names = %q, %v, want %q", names, err, want)
	}
}

func wantNotFoundAtOnce(t *testing.T, s *iofs.Storage, key string) {
	t.Helper()
	f := fileOf(t, s, key)
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	result := make(chan error, 1)
	go func() {
		h, err := f.Open(ctx)
		if err == nil {
			h.Close()
		}
		result <- err
	}()
	select {
	case err := <-result:
		if !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("%q: %v, want fs.ErrNotExist", key, err)
		}
	case <-ctx.Done():
		t.Fatalf("%q: open waits", key)
	}
}

// The documentation warns of this, and recommends storage/disk.
func TestLinksLeadOutOfDirFS(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "secret"), []byte("secret"), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(filepath.Join(dir, "root"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink("../secret", filepath.Join(dir, "root", "link")); err != nil {
		t.Fatal(err)
	}
	if got, err := read(t, iofs.New(os.DirFS(filepath.Join(dir, "root")), nil), "link"); got != "secret" || err != nil {
		t.Errorf("link = %q, %v, want what it leads to", got, err)
	}
	root, err := os.OpenRoot(filepath.Join(dir, "root"))
	if err != nil {
		t.Fatal(err)
	}
	defer root.Close()
	if got, err := read(t, iofs.New(root.FS(), nil), "link"); err == nil {
		t.Errorf("link through a root = %q, want an error", got)
	}
}

func TestNamesThatAreNoKeysAreNotListed(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "a"), nil, 0o644); err != nil {
		t.Fatal(err)
	}
	os.WriteFile(filepath.Join(dir, "caf\xe9"), nil, 0o644) // some systems can't have it
	if names, err := namesIn(t, iofs.New(os.DirFS(dir), nil), ""); err != nil || !slices.Equal(names, []string{"a"}) {
		t.Errorf("names = %q, %v, want a alone", names, err)
	}
}
