package aferofs_test

import (
	"errors"
	"io/fs"
	"net"
	"net/http"
	"os"
	"syscall"
	"testing"

	"github.com/spf13/afero"

	"github.com/downloadview/downloadview"
	"github.com/downloadview/downloadview/internal/buckettest"
	"github.com/downloadview/downloadview/storage/aferofs"
)

// failing is an Fs that fails, or one whose files can't be read.
type failing struct {
	afero.Fs
	err, read error
}

func (f failing) Stat(name string) (os.FileInfo, error) {
	if f.err != nil {
		return nil, f.err
	}
	return f.Fs.Stat(name)
}

func (f failing) Open(name string) (afero.File, error) {
	if f.err != nil {
		return nil, f.err
	}
	h, err := f.Fs.Open(name)
	return unreadable{h, f.read}, err
}

type unreadable struct {
	afero.File
	err error
}

func (u unreadable) Read([]byte) (int, error)          { return 0, u.err }
func (u unreadable) ReadAt([]byte, int64) (int, error) { return 0, u.err }

func TestCauses(t *testing.T) {
	memory := afero.NewMemMapFs()
	if err := afero.WriteFile(memory, "d/a.txt", []byte("0123456789"), 0o600); err != nil {
		t.Fatal(err)
	}
	file := func(fsys afero.Fs) (*aferofs.Storage, downloadview.File) {
		s := aferofs.New(fsys, &aferofs.Options{Dir: "d"})
		f, err := s.File("a.txt")
		if err != nil {
			t.Fatal(err)
		}
		return s, f
	}
	for _, cause := range []error{
		&fs.PathError{Op: "open", Path: "/var/run/token", Err: syscall.ENOENT},
		&fs.PathError{Op: "mkdir", Path: "/var/cache/x", Err: syscall.EACCES}, // of a layer
		&fs.PathError{Op: "open", Path: "d/a.txt", Err: &net.OpError{Op: "dial", Net: "unix", Err: syscall.EACCES}},
	} {
		s, f := file(failing{Fs: memory, err: cause})
		_, err := f.Open(t.Context())
		buckettest.CheckCause(t, "Open", err, cause)
		_, err = downloadview.Exists(t.Context(), s, "a.txt")
		buckettest.CheckCause(t, "Exists", err, cause)
		for _, err := range downloadview.List(t.Context(), s, "") {
			buckettest.CheckCause(t, "List", err, cause)
		}
		buckettest.CheckCause(t, "Delete", s.Delete(t.Context(), "a.txt"), cause)
	}
	for _, tt := range []struct {
		cause error
		want  int
	}{
		{&fs.PathError{Op: "open", Path: "/srv/d/a.txt", Err: syscall.ENOENT}, http.StatusNotFound},
		{&fs.PathError{Op: "open", Path: "d/a.txt", Err: syscall.EACCES}, http.StatusForbidden},
		{&fs.PathError{Op: "open", Path: "d/a.txt", Err: syscall.EMFILE}, http.StatusServiceUnavailable},
	} {
		_, f := file(failing{Fs: memory, err: tt.cause})
		if _, err := f.Open(t.Context()); downloadview.StatusCode(err) != tt.want {
			t.Errorf("%v is answered with %d, want %d", err, downloadview.StatusCode(err), tt.want)
		}
	}
	for _, cause := range []error{fs.ErrNotExist, fs.ErrPermission, errors.ErrUnsupported, http.ErrAbortHandler, downloadview.ErrChanged} {
		_, f := file(failing{Fs: memory, read: cause})
		h, err := f.Open(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		_, err = h.Read(make([]byte, 1))
		if got := downloadview.StatusCode(err); got != http.StatusInternalServerError || errors.Is(err, cause) {
			t.Errorf("Read: %v is answered with %d, want 500", err, got)
		}
		h.Close()
	}
}
