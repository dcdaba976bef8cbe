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

// Of returns what the system knows of f's times: on Linux by statx(2), when a
// file was created where the file system keeps it; on macOS and Windows all
// three. Elsewhere it is the last change alone.
func Of(f *os.File) (downloadview.Times, error) {
	fi, err := f.Stat()
	if err != nil {
		return downloadview.Times{}, err
	}
	t := downloadview.Times{Modified: fi.ModTime()}
	t.Created, t.Accessed, err = others(f, fi)
	return t, err
}

// OfFile opens f for its times. Where its handle is no [os.File], or nothing but
// the last change is known, the error is [errors.ErrUnsupported].
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
		err = &fs.PathError{Op: "times", Path: f.Name(), Err: fmt.Errorf("%w by the system", errors.ErrUnsupported)}
	}
	return t, err
}
