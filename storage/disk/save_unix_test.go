//go:build unix

package disk_test

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"syscall"
	"testing"

	"github.com/downloadview/downloadview/storage/disk"
)

func TestSaveOverLinks(t *testing.T) {
	s, dir := newStorage(t)
	secret := filepath.Join(dir, "..", "secret")
	write(t, filepath.Join(dir, "data", "file"), "data")
	symlink(t, "data/file", filepath.Join(dir, "inside"))
	symlink(t, "../secret", filepath.Join(dir, "outside"))
	symlink(t, "nowhere", filepath.Join(dir, "dangling"))
	symlink(t, "data", filepath.Join(dir, "folder"))
	if err := os.Link(secret, filepath.Join(dir, "hard")); err != nil {
		t.Fatal(err)
	}
	for _, key := range []string{"inside", "outside", "dangling", "hard"} {
		save(t, s, key, "saved as "+key)
		if fi, err := os.Lstat(filepath.Join(dir, key)); err != nil || !fi.Mode().IsRegular() {
			t.Errorf("%q is now %v, %v, want a file", key, fi.Mode(), err)
		}
		if got, err := read(t.Context(), s, key); got != "saved as "+key || err != nil {
			t.Errorf("%q has %q, %v", key, got, err)
		}
	}
	save(t, s, "folder/new", "new")
	wantFile(t, s, dir, "data/new", "new", "file", "new")
	wantFile(t, s, dir, "data/file", "data", "file", "new")
	if got, err := os.ReadFile(secret); string(got) != "secret" || err != nil {
		t.Errorf("outside there is %q, %v, want what there was", got, err)
	}
}

func TestSaveStaysInside(t *testing.T) {
	s, dir := newStorage(t)
	parent := filepath.Dir(dir)
	symlink(t, "..", filepath.Join(dir, "up"))
	symlink(t, parent, filepath.Join(dir, "absolute"))
	symlink(t, "../missing", filepath.Join(dir, "dangling"))
	symlink(t, "loop", filepath.Join(dir, "loop"))
	for _, key := range []string{"up/x", "up/secret", "up/new/x", "absolute/x", "absolute/new/x", "dangling/x", "loop/x"} {
		if err := s.Save(t.Context(), key, &steps{}); !errors.Is(err, fs.ErrInvalid) && !errors.Is(err, fs.ErrExist) {
			t.Errorf("Save(%q): %v, want it refused", key, err)
		}
	}
	if got := namesOn(t, parent); !slices.Equal(got, []string{"root", "secret"}) {
		t.Errorf("outside there are %q", got)
	}
	for _, key := range []string{"up/secret", "up", "dangling"} {
		if err := s.Delete(t.Context(), key); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("Delete(%q): %v, want fs.ErrNotExist", key, err)
		}
	}
	if got, err := os.ReadFile(filepath.Join(parent, "secret")); string(got) != "secret" || err != nil {
		t.Errorf("outside there is %q, %v, want what there was", got, err)
	}
}

// While a file is being saved, its folder is replaced by a link that leads out.
func TestFolderIsSwapped(t *testing.T) {
	s, dir := newStorage(t)
	save(t, s, "folder/a", "old")
	err := s.Save(t.Context(), "folder/secret", &steps{gives("new"), func([]byte) (int, error) {
		if err := os.Rename(filepath.Join(dir, "folder"), filepath.Join(dir, "moved")); err != nil {
			t.Fatal(err)
		}
		symlink(t, "..", filepath.Join(dir, "folder"))
		return 0, io.EOF
	}})
	if err != nil {
		t.Fatal(err)
	}
	wantFile(t, s, dir, "moved/secret", "new", "a", "secret")
	if got := namesOn(t, filepath.Dir(dir)); !slices.Equal(got, []string{"root", "secret"}) {
		t.Errorf("outside there are %q", got)
	}
	if got, err := os.ReadFile(filepath.Join(dir, "..", "secret")); string(got) != "secret" || err != nil {
		t.Errorf("outside there is %q, %v, want what there was", got, err)
	}
}

func TestDeleteTakesTheLink(t *testing.T) {
	s, dir := newStorage(t)
	write(t, filepath.Join(dir, "data"), "data")
	symlink(t, "data", filepath.Join(dir, "link"))
	if err := s.Delete(t.Context(), "link"); err != nil {
		t.Fatal(err)
	}
	wantFile(t, s, dir, "data", "data", "data")
}

func TestSpecialFilesStay(t *testing.T) {
	s, dir := newStorage(t)
	for _, key := range special(t, dir)[:2] {
		if err := s.Save(t.Context(), key, &steps{}); !errors.Is(err, fs.ErrExist) {
			t.Errorf("Save over %q: %v, want fs.ErrExist", key, err)
		}
		if err := s.Save(t.Context(), key+"/x", &steps{}); !errors.Is(err, fs.ErrExist) {
			t.Errorf("Save below %q: %v, want fs.ErrExist", key, err)
		}
		if err := s.Delete(t.Context(), key); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("Delete of %q: %v, want fs.ErrNotExist", key, err)
		}
	}
}

func TestPermissions(t *testing.T) {
	s, dir := newStorage(t)
	write(t, filepath.Join(dir, "old"), "x")
	if err := os.Chmod(filepath.Join(dir, "old"), 0o600); err != nil {
		t.Fatal(err)
	}
	old := syscall.Umask(0o027)
	t.Cleanup(func() { syscall.Umask(old) })
	save(t, s, "old", "new")
	save(t, s, "new/file", "new")
	for name, want := range map[string]fs.FileMode{"old": 0o640, "new/file": 0o640, "new": fs.ModeDir | 0o750} {
		if fi, err := os.Stat(filepath.Join(dir, name)); err != nil || fi.Mode() != want {
			t.Errorf("mode of %q is %v, %v, want %v", name, fi.Mode(), err, want)
		}
	}
}

func TestSaveNeedsTheRoot(t *testing.T) {
	dir := t.TempDir()
	root := openRoot(t, dir)
	s := disk.New(root, nil)
	root.Close()
	if err := s.Save(t.Context(), "a", &steps{}); !errors.Is(err, fs.ErrClosed) {
		t.Errorf("with the root closed: %v, want fs.ErrClosed", err)
	}
}
