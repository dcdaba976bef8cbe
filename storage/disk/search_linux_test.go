package disk_test

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/downloadview/downloadview"
	"github.com/downloadview/downloadview/internal/testserver"
	"github.com/downloadview/downloadview/storage/disk"
)

// A folder with search permission but no read permission can't be listed. Its
// files can be opened by name.
func TestSearchOnlyFolder(t *testing.T) {
	s, dir := newStorage(t)
	write(t, filepath.Join(dir, "home", "alice", "file"), "content")
	write(t, filepath.Join(dir, "home", "file"), "content")
	symlink(t, "../../../secret", filepath.Join(dir, "home", "alice", "out"))
	mode(t, filepath.Join(dir, "home"), 0o311)
	mode(t, filepath.Join(dir, "home", "alice"), 0o777)
	asNobody(t, func() { searchOnly(t, s, "home/") })
}

// searchOnly uses s, whose folder in has only search permission. in is "" or
// ends in a slash.
func searchOnly(t *testing.T, s *disk.Storage, in string) {
	ctx := t.Context()
	for _, key := range []string{in + "file", in + "alice/file"} {
		if got, err := read(ctx, s, key); got != "content" || err != nil {
			t.Errorf("%q = %q, %v, want its content", key, got, err)
		}
		if ok, err := s.Exists(ctx, key); !ok || err != nil {
			t.Errorf("Exists(%q) = %t, %v", key, ok, err)
		}
	}
	for _, key := range []string{in + "alice/out", in + "alice", in + "missing"} {
		if got, err := read(ctx, s, key); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("%q = %q, %v, want fs.ErrNotExist", key, got, err)
		}
	}
	for _, err := range s.List(ctx, strings.TrimSuffix(in, "/")) {
		if !errors.Is(err, fs.ErrPermission) {
			t.Errorf("List(%q): %v, want fs.ErrPermission", in, err)
		}
	}
	if err := s.Save(ctx, in+"alice/new/saved", strings.NewReader("saved")); err != nil {
		t.Error(err)
	}
	if got, err := read(ctx, s, in+"alice/new/saved"); got != "saved" || err != nil {
		t.Errorf("what was saved is %q, %v", got, err)
	}
	var names []string
	for fi, err := range s.List(ctx, in+"alice") {
		if err != nil {
			t.Error(err)
			break
		}
		names = append(names, fi.Name())
	}
	if want := []string{"file", "new"}; !slices.Equal(names, want) {
		t.Errorf("List = %q, want %q", names, want)
	}
	if _, err := s.Times(ctx, in+"alice/file"); err != nil {
		t.Error(err)
	}
	if err := s.Delete(ctx, in+"alice/new/saved"); err != nil {
		t.Error(err)
	}
	if ok, err := s.Exists(ctx, in+"alice/new/saved"); ok || err != nil {
		t.Errorf("after Delete it is there: %t, %v", ok, err)
	}
	if err := s.Save(ctx, in+"alice/out/x", strings.NewReader("x")); !errors.Is(err, fs.ErrInvalid) && !errors.Is(err, fs.ErrExist) {
		t.Errorf("Save through a link that leads out: %v", err)
	}
	if err := s.Save(ctx, in+"new", strings.NewReader("x")); err == nil {
		if err := downloadview.Delete(ctx, s, in+"new"); err != nil { // its owner may write
			t.Error(err)
		}
	} else if !errors.Is(err, fs.ErrPermission) {
		t.Errorf("Save where it may not be written: %v, want fs.ErrPermission", err)
	}
}

func mode(t *testing.T, name string, mode fs.FileMode) {
	t.Helper()
	if err := os.Chmod(name, mode); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.Chmod(name, 0o755) })
}

func TestSearchOnlyRoot(t *testing.T) {
	dir := t.TempDir()
	write(t, filepath.Join(dir, "alice", "file"), "content")
	write(t, filepath.Join(dir, "file"), "content")
	symlink(t, "../../secret", filepath.Join(dir, "alice", "out"))
	mode(t, filepath.Dir(dir), 0o755)
	mode(t, filepath.Join(dir, "alice"), 0o777)
	mode(t, dir, 0o311)
	asNobody(t, func() {
		s, err := disk.Open(dir, nil)
		if err != nil {
			t.Error(err)
			return
		}
		defer s.Close()
		searchOnly(t, s, "")
		if err := s.Reopen(); err != nil {
			t.Error(err)
		}
		searchOnly(t, s, "")
	})
}

// If a file system is mounted on the root later, the path leads to that.
func TestFollowAMount(t *testing.T) {
	dir := t.TempDir()
	write(t, filepath.Join(dir, "a"), "below the mount")
	s, err := disk.Open(dir, &disk.Options{Follow: 1})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if got, err := read(t.Context(), s, "a"); got != "below the mount" || err != nil {
		t.Fatalf("%q, %v", got, err)
	}
	if err := syscall.Mount("none", dir, "tmpfs", 0, ""); err != nil {
		testserver.Lacking(t, "needs to mount a file system: %v", err)
	}
	defer syscall.Unmount(dir, syscall.MNT_DETACH)
	write(t, filepath.Join(dir, "a"), "mounted")
	if got, err := read(t.Context(), s, "a"); got != "mounted" || err != nil {
		t.Errorf("%q, %v, want the file that was mounted", got, err)
	}
}
