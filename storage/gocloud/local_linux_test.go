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

// A local file that may not be read is forbidden, and no fault upstream.
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
	go func() { // in a thread for which permissions count, and which ends with it
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
