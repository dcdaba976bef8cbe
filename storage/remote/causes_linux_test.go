package remote_test

import (
	"errors"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"runtime"
	"syscall"
	"testing"

	"github.com/downloadview/downloadview"
	"github.com/downloadview/downloadview/internal/buckettest"
	"github.com/downloadview/downloadview/storage/remote"
)

// socket is a transport over a unix socket, which connects in the calling
// goroutine.
type socket string

func (s socket) RoundTrip(*http.Request) (*http.Response, error) {
	c, err := net.Dial("unix", string(s))
	if err == nil {
		c.Close()
		err = http.ErrNotSupported
	}
	return nil, err
}

// A socket without permission, or a missing one, isn't a forbidden or missing
// file.
func TestSocketWithoutPermission(t *testing.T) {
	path := filepath.Join(t.TempDir(), "s")
	l, err := net.Listen("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	if err := os.Chmod(path, 0); err != nil {
		t.Fatal(err)
	}
	for name, at := range map[string]string{"forbidden": path, "missing": path + ".gone"} {
		t.Run(name, func(t *testing.T) {
			s, err := remote.New(&url.URL{Scheme: "http", Host: "origin.test"}, &remote.Options{Client: &http.Client{Transport: socket(at)}})
			if err != nil {
				t.Fatal(err)
			}
			f, err := s.File("a")
			if err != nil {
				t.Fatal(err)
			}
			if os.Geteuid() == 0 {
				// The permissions of this thread, which ends with the test.
				const nobody = 65534
				runtime.LockOSThread()
				syscall.RawSyscall(syscall.SYS_SETFSUID, nobody, 0, 0)
			}
			_, err = f.Open(t.Context())
			buckettest.CheckCause(t, "Open", err, err)
			if errno, ok := errors.AsType[syscall.Errno](err); !ok || errno != syscall.EACCES && errno != syscall.ENOENT {
				t.Errorf("Open: %v, want EACCES or ENOENT below it", err)
			}
			_, err = downloadview.Exists(t.Context(), s, "a")
			buckettest.CheckCause(t, "Exists", err, err)
		})
	}
}
