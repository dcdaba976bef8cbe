// Package localfile opens files of a local directory for all storages: below a
// [Root], without blocking, and only regular files.
package localfile

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"

	"github.com/downloadview/downloadview/internal/absent"
)

// OpenRegular opens the regular file called name. Anything else under that name
// is [fs.ErrNotExist].
func (r *Root) OpenRegular(ctx context.Context, name string) (*os.File, error) {
	h, err := r.Open(ctx, name)
	if err != nil {
		return nil, err
	}
	if err := Check(h); err != nil {
		h.Close()
		return nil, err
	}
	return h, nil
}

// Check returns the reason why h isn't served, or nil for a regular file.
func Check(h *os.File) error {
	_, err := Look(h)
	return err
}

// Look returns the FileInfo of a regular file, or the reason why h isn't
// served.
func Look(h *os.File) (fs.FileInfo, error) {
	fi, err := h.Stat()
	if err == nil && !fi.Mode().IsRegular() {
		return nil, KindError(fi.Mode())
	}
	return fi, err
}

// KindError is the error for something of this mode: not a regular file, or not
// a folder.
func KindError(mode fs.FileMode) error {
	return fmt.Errorf("%w: not a kind of file that is served (mode %v)", fs.ErrNotExist, mode)
}

// outside returns the error with which root refuses a path that leads out.
// Package os doesn't export it; this call returns it without a system call.
func outside(root *os.Root) error {
	var refused *fs.PathError
	if _, err := root.Lstat(".."); !errors.As(err, &refused) || errors.Is(err, fs.ErrClosed) {
		return nil
	}
	return refused.Err
}

func isAbsent(err error) bool { return errors.Is(err, fs.ErrNotExist) || absent.Is(err) }
