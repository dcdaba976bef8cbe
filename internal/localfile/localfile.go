// Package localfile is how all storages open files of a local directory: below
// a [Root], without waiting for another program, and none but regular ones.
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

// Check tells why h is no file to us; nil for a regular file.
func Check(h *os.File) error {
	_, err := Look(h)
	return err
}

// Look returns what a regular file says of itself, or why h is no file to us.
func Look(h *os.File) (fs.FileInfo, error) {
	fi, err := h.Stat()
	if err == nil && !fi.Mode().IsRegular() {
		return nil, KindError(fi.Mode())
	}
	return fi, err
}

// KindError says that mode is not that of a file, or not of a folder, to us.
func KindError(mode fs.FileMode) error {
	return fmt.Errorf("%w: not of a kind that is served (mode %v)", fs.ErrNotExist, mode)
}

// outside returns the error with which root refuses a path that leads out.
// Package os doesn't export it, but gives it without asking the system.
func outside(root *os.Root) error {
	var refused *fs.PathError
	if _, err := root.Lstat(".."); !errors.As(err, &refused) || errors.Is(err, fs.ErrClosed) {
		return nil
	}
	return refused.Err
}

func isAbsent(err error) bool { return errors.Is(err, fs.ErrNotExist) || absent.Is(err) }
