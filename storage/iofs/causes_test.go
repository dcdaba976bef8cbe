package iofs_test

import (
	"io/fs"
	"net"
	"net/http"
	"net/url"
	"syscall"
	"testing"

	"github.com/downloadview/downloadview"
	"github.com/downloadview/downloadview/internal/buckettest"
	"github.com/downloadview/downloadview/storage/iofs"
)

// elsewhere are errors of a file system over a network that say nothing about
// the file "a.txt".
var elsewhere = []error{
	&fs.PathError{Op: "open", Path: "/var/run/token", Err: syscall.ENOENT},
	&fs.PathError{Op: "open", Path: "a.txt", Err: &fs.PathError{Op: "open", Path: "/var/run/token", Err: syscall.EACCES}},
	&fs.PathError{Op: "open", Path: "a.txt", Err: &net.OpError{Op: "dial", Net: "unix", Err: syscall.EACCES}},
	&url.Error{Op: "Get", URL: "http://host/", Err: fs.ErrNotExist},
}

// failing fails in Open, failingStat in Stat, too.
type (
	failing     struct{ err error }
	failingStat struct{ failing }
)

func (f failing) Open(string) (fs.File, error)         { return nil, f.err }
func (f failingStat) Stat(string) (fs.FileInfo, error) { return nil, f.err }

func TestCauses(t *testing.T) {
	for _, cause := range elsewhere {
		for _, fsys := range []fs.FS{failing{cause}, failingStat{failing{cause}}} {
			s := iofs.New(fsys, nil)
			f, err := s.File("a.txt")
			if err != nil {
				t.Fatal(err)
			}
			_, err = f.Open(t.Context())
			buckettest.CheckCause(t, "Open", err, cause)
			_, err = downloadview.Exists(t.Context(), s, "a.txt")
			buckettest.CheckCause(t, "Exists", err, cause)
			for _, err := range downloadview.List(t.Context(), s, "folder") {
				buckettest.CheckCause(t, "List", err, cause)
			}
		}
	}
	for _, tt := range []struct {
		cause error
		want  int
	}{
		{&fs.PathError{Op: "open", Path: "a.txt", Err: syscall.ENOENT}, http.StatusNotFound},
		{&fs.PathError{Op: "open", Path: "a.txt", Err: syscall.EACCES}, http.StatusForbidden},
		{&fs.PathError{Op: "open", Path: "a.txt", Err: syscall.EMFILE}, http.StatusServiceUnavailable},
		{&fs.PathError{Op: "open", Path: "a.txt", Err: syscall.ENOSYS}, http.StatusInternalServerError},
	} {
		f, err := iofs.New(failing{tt.cause}, nil).File("a.txt")
		if err != nil {
			t.Fatal(err)
		}
		if _, err := f.Open(t.Context()); downloadview.StatusCode(err) != tt.want {
			t.Errorf("%v is answered with %d, want %d", err, downloadview.StatusCode(err), tt.want)
		}
	}
}
