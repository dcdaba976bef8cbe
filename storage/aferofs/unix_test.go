//go:build unix

package aferofs_test

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

	"github.com/spf13/afero"

	"github.com/downloadview/downloadview/storage/aferofs"
)

func TestNoFile(t *testing.T) {
	dir := t.TempDir()
	if err := syscall.Mkfifo(filepath.Join(dir, "fifo"), 0o644); err != nil {
		t.Fatal(err)
	}
	for name, target := range map[string]string{"to-fifo": "fifo", "device": "/dev/null", "loop": "loop"} {
		if err := os.Symlink(target, filepath.Join(dir, name)); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.WriteFile(filepath.Join(dir, "file"), nil, 0o644); err != nil {
		t.Fatal(err)
	}
	s := aferofs.New(afero.NewBasePathFs(afero.NewOsFs(), dir), nil)
	for _, key := range []string{"fifo", "to-fifo", "device", "loop", "file/x", strings.Repeat("n", 300)} {
		f, err := s.File(key)
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
		defer cancel()
		result := make(chan error, 1)
		go func() {
			_, err := f.Open(ctx)
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
	var names []string
	for fi, err := range s.List(t.Context(), "") {
		if err != nil {
			t.Fatal(err)
		}
		names = append(names, fi.Name())
	}
	if want := []string{"file"}; !slices.Equal(names, want) {
		t.Errorf("names = %q, want %q", names, want)
	}
}
