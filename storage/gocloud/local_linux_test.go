package gocloud_test

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"syscall"
	"testing"

	"gocloud.dev/blob/fileblob"

	"github.com/downloadview/downloadview"
	"github.com/downloadview/downloadview/storage/gocloud"
)

// A local file without read permission is forbidden, not an upstream failure.
func TestLocalFileIsForbidden(t *testing.T) {
	dir := t.TempDir()
	for _, d := range []string{filepath.Dir(dir), dir} {
		if err := os.Chmod(d, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.WriteFile(filepath.Join(dir, "a"), []byte("secret"), 0o000); err != nil {
		t.Fatal(err)
	}
	b, err := fileblob.OpenBucket(dir, &fileblob.Options{Metadata: fileblob.MetadataDontWrite})
	if err != nil {
		t.Fatal(err)
	}
	f := file(t, gocloud.New(closing(t, b), nil), "a")
	done := make(chan struct{})
	go func() { // in a thread without root's permissions, which ends with it
		defer close(done)
		runtime.LockOSThread()
		if os.Geteuid() == 0 {
			const nobody = 65534
			syscall.RawSyscall(syscall.SYS_SETFSUID, nobody, 0, 0)
		}
		h, err := f.Open(t.Context())
		if err == nil {
			h.Close()
		}
		if !errors.Is(err, fs.ErrPermission) || errors.Is(err, downloadview.ErrUpstream) {
			t.Errorf("%v, want fs.ErrPermission, and no fault upstream", err)
		}
	}()
	<-done
}

// A folder with search permission but no read permission works, even as the
// folder of the bucket.
func TestLocalFolderForSearch(t *testing.T) {
	top := t.TempDir()
	dir := filepath.Join(top, "dir")
	for _, d := range []string{filepath.Join(dir, "below"), filepath.Join(dir, "sub", "below")} {
		if err := os.MkdirAll(d, 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(d, "a"), []byte("content"), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	b, err := fileblob.OpenBucket(dir, &fileblob.Options{Metadata: fileblob.MetadataDontWrite})
	if err != nil {
		t.Fatal(err)
	}
	s := gocloud.New(closing(t, b), nil)
	for d, mode := range map[string]os.FileMode{filepath.Dir(top): 0o755, top: 0o755, dir: 0o311, filepath.Join(dir, "sub"): 0o311} {
		if err := os.Chmod(d, mode); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { os.Chmod(d, 0o755) })
	}
	done := make(chan struct{})
	go func() { // as above
		defer close(done)
		runtime.LockOSThread()
		if os.Geteuid() == 0 {
			const nobody = 65534
			syscall.RawSyscall(syscall.SYS_SETFSUID, nobody, 0, 0)
		}
		for _, key := range []string{"below/a", "sub/below/a"} {
			h, err := file(t, s, key).Open(t.Context())
			if err != nil {
				t.Errorf("%q: %v", key, err)
				continue
			}
			if got := content(t, h); got != "content" {
				t.Errorf("%q = %q", key, got)
			}
			h.Close()
		}
		n := 0
		for fi, err := range s.List(t.Context(), "sub/below") {
			if err != nil || fi.Name() != "a" {
				t.Errorf("List: %v, %v, want the file", fi, err)
			}
			n++
		}
		if n != 1 {
			t.Errorf("%d files are listed, want 1", n)
		}
	}()
	<-done
}
