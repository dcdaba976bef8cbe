//go:build linux

package disk_test

import (
	"errors"
	"io"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"runtime"
	"syscall"
	"testing"

	"github.com/downloadview/downloadview/storage/disk"
)

func TestUnreadable(t *testing.T) {
	s, dir := newStorage(t)
	write(t, filepath.Join(dir, "file"), "x")
	write(t, filepath.Join(dir, "folder", "file"), "x")
	for _, name := range []string{"file", "folder"} {
		if err := os.Chmod(filepath.Join(dir, name), 0); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { os.Chmod(filepath.Join(dir, name), 0o700) })
	}
	asNobody(t, func() {
		for _, key := range []string{"file", "folder/file"} {
			if content, err := read(t.Context(), s, key); !errors.Is(err, fs.ErrPermission) || errors.Is(err, fs.ErrNotExist) {
				t.Errorf("%q = %q, %v, want fs.ErrPermission", key, content, err)
			}
		}
	})
}

// asNobody runs f in a thread without root's permissions, even if the process
// is root's. The thread ends with it.
func asNobody(t *testing.T, f func()) {
	t.Helper()
	done := make(chan struct{})
	go func() {
		defer close(done)
		runtime.LockOSThread()
		if os.Geteuid() == 0 {
			const nobody = 65534
			syscall.RawSyscall(syscall.SYS_SETFSUID, nobody, 0, 0)
		}
		f()
	}()
	<-done
}

func TestNamesAreBytes(t *testing.T) {
	s, dir := newStorage(t)
	const latin1 = "caf\xe9.txt"
	write(t, filepath.Join(dir, latin1), "content")
	if content, err := read(t.Context(), s, latin1); content != "content" || err != nil {
		t.Errorf("%q = %q, %v, want its content", latin1, content, err)
	}
	for _, key := range []string{"\xff/../secret", "\xff/..", "..\xff/../../secret", "\xff//a", "\xff/."} {
		if _, err := s.File(key); !errors.Is(err, fs.ErrInvalid) {
			t.Errorf("File(%q): %v, want fs.ErrInvalid", key, err)
		}
	}
}

func TestDescriptorsAreClosed(t *testing.T) {
	s, dir := newStorage(t)
	write(t, filepath.Join(dir, "sub", "file"), "x")
	keys := append(special(t, dir), "sub/file", "sub", "missing", "sub/file/x")
	use := func() {
		for _, key := range keys {
			read(t.Context(), s, key)
			if f, err := disk.File(filepath.Join(dir, key)); err == nil {
				if h, err := f.Open(t.Context()); err == nil {
					h.Close()
				}
			}
		}
		for range s.List(t.Context(), "") {
		}
		for range s.List(t.Context(), "sub/file") {
		}
		for range s.List(t.Context(), "sub") {
			break
		}
	}
	use() // whatever the runtime opens for itself
	before := descriptors(t)
	for range 20 {
		use()
	}
	if after := descriptors(t); after != before {
		t.Errorf("%d descriptors are open, want %d", after, before)
	}
}

func descriptors(t *testing.T) int {
	t.Helper()
	entries, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		t.Fatal(err)
	}
	return len(entries)
}

// A socket accepts the handle for sendfile(2) like any regular file's, although
// it was opened without blocking.
func TestHandleFeedsSocket(t *testing.T) {
	s, dir := newStorage(t)
	content := make([]byte, 1<<20)
	for i := range content {
		content[i] = byte(i >> 8)
	}
	write(t, filepath.Join(dir, "a"), string(content))
	f, err := s.File("a")
	if err != nil {
		t.Fatal(err)
	}
	h, err := f.Open(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer h.Close()

	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	sent := make(chan error, 1)
	go func() {
		c, err := net.Dial("tcp", l.Addr().String())
		if err == nil {
			_, err = c.(io.ReaderFrom).ReadFrom(io.LimitReader(h, 1<<20-10))
			c.Close()
		}
		sent <- err
	}()
	c, err := l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	got, err := io.ReadAll(c)
	if err != nil {
		t.Fatal(err)
	}
	if err := <-sent; err != nil {
		t.Fatal(err)
	}
	if string(got) != string(content[:1<<20-10]) {
		t.Errorf("%d bytes arrived, or other ones; want the first %d", len(got), 1<<20-10)
	}
}
