package doctor_test

import (
	"context"
	"io"
	"io/fs"
	"strings"
	"syscall"
	"testing"

	"github.com/downloadview/downloadview"
	"github.com/downloadview/downloadview/doctor"
)

// refuses is a storage that returns an error of the file system for each file. Mounting
// a file system read-only takes privileges that tests don't always have.
type refuses struct {
	downloadview.Storage
	err error
}

func (r refuses) Save(_ context.Context, key string, _ io.Reader) error {
	return &fs.PathError{Op: "open", Path: key, Err: r.err}
}

func (r refuses) Delete(_ context.Context, key string) error {
	return &fs.PathError{Op: "remove", Path: key, Err: fs.ErrNotExist}
}

// TestNothingIsStored: for each error of the file system, the doctor says why it can't
// store a canary file, and what to do.
func TestNothingIsStored(t *testing.T) {
	for err, want := range map[error][2]string{
		syscall.EROFS:  {"read-only", "--key"},
		syscall.ENOSPC: {"full", "make room"},
		syscall.EACCES: {"no right to write", "(--key)"},
	} {
		s := newSetting(t, "nginx")
		setup := s.start(t)
		setup.Storage = refuses{setup.Storage, err}
		report := run(t, setup, s.dir)
		c := check(t, report, "storage-save")
		if c.Result != doctor.Failed || !strings.Contains(c.Cause, want[0]) || !strings.Contains(c.Change, want[1]) {
			t.Errorf("%v: %+v, want %q and %q", err, c, want[0], want[1])
		}
		for _, other := range report.Checks {
			if other.Name != "storage-save" && (other.Result == doctor.Failed || other.Result == doctor.Warning) {
				t.Errorf("%v: %s is %v too, want one cause", err, other.Name, other.Result)
			}
		}
	}
}
