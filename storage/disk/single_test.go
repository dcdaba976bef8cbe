package disk_test

import (
	"errors"
	"io"
	"io/fs"
	"path/filepath"
	"strings"
	"testing"

	"github.com/downloadview/downloadview"
	"github.com/downloadview/downloadview/storage/disk"
)

func TestFile(t *testing.T) {
	dir := t.TempDir()
	name := filepath.Join(dir, "a b.pdf")
	write(t, name, "content")
	f, err := disk.File(name)
	if err != nil {
		t.Fatal(err)
	}
	if got := f.Name(); got != "a b.pdf" {
		t.Errorf("Name() = %q, want the last element of the path", got)
	}
	if got, ok := downloadview.SourceOf(f); !ok || got.Scheme != "file" || !strings.HasSuffix(got.Path, "/a b.pdf") || !strings.HasPrefix(got.Path, "/") {
		t.Errorf("SourceOf = %v, %t, want the path", got, ok)
	}
	h, err := f.Open(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer h.Close()
	if content, err := io.ReadAll(h); string(content) != "content" || err != nil {
		t.Errorf("content = %q, %v", content, err)
	}
}

func TestFileRefusesPath(t *testing.T) {
	for _, path := range []string{"", "a", "./a", "../a"} {
		if f, err := disk.File(path); err == nil || !strings.Contains(err.Error(), `"`+path+`"`) || !strings.Contains(err.Error(), "absolute") {
			t.Errorf("File(%q) = %v, %v, want an error with the path that asks for an absolute one", path, f, err)
		}
	}
	if _, err := disk.File(filepath.Join(t.TempDir(), "a\x00b")); !errors.Is(err, fs.ErrInvalid) {
		t.Errorf("a NUL in the path: %v, want fs.ErrInvalid", err)
	}
}

func TestFileNotFound(t *testing.T) {
	dir := t.TempDir()
	write(t, filepath.Join(dir, "file"), "x")
	for _, path := range []string{dir, filepath.Join(dir, "missing"), filepath.Join(dir, "file", "x"), filepath.Join(dir, strings.Repeat("n", 300))} {
		f, err := disk.File(path)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := f.Open(t.Context()); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("Open of %q: %v, want fs.ErrNotExist", path, err)
		}
	}
}
