// Package filetime asks the system for the times of an open file.
package filetime

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"

	"github.com/downloadview/downloadview"
	"github.com/downloadview/downloadview/internal/wrapper"
)

// Of returns the times that the system has of f: on macOS and Windows all
// three, on Linux all that statx(2) returns, which includes the creation if the
// file system keeps it. On other systems it is only the last change.
func Of(f *os.File) (downloadview.Times, error) {
	fi, err := f.Stat()
	if err != nil {
		return downloadview.Times{}, err
	}
	t := downloadview.Times{Modified: fi.ModTime()}
	t.Created, t.Accessed, err = others(f, fi)
	return t, err
}

// OfFile opens f and returns its times. If its handle isn't an [os.File], or
// only the last change is known, the error is [errors.ErrUnsupported].
func OfFile(ctx context.Context, f downloadview.File) (downloadview.Times, error) {
	h, err := wrapper.Open(ctx, f)
	if err != nil {
		return downloadview.Times{}, err
	}
	defer h.Close()
	var t downloadview.Times
	if local, ok := h.(*os.File); ok {
		t, err = Of(local)
	}
	if err == nil && t.Created.IsZero() && t.Accessed.IsZero() {
		err = &fs.PathError{Op: "times", Path: f.Name(), Err: fmt.Errorf("%w: the system has no times of creation or access", errors.ErrUnsupported)}
	}
	return t, err
}
