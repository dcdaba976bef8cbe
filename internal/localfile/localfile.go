// Package localfile is how all storages open files of a local directory: below
// an [os.Root], without ever waiting, and none but regular ones.
package localfile

import (
	"errors"
	"fmt"
	"io/fs"
	"os"

	"github.com/downloadview/downloadview/internal/absent"
)

// Open opens the regular file called name. Anything else under that name is
// [fs.ErrNotExist].
func Open(root *os.Root, name string) (*os.File, error) {
	h, err := root.OpenFile(name, Flag, 0)
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
	fi, err := h.Stat()
	if err == nil && !fi.Mode().IsRegular() {
		err = KindError(fi.Mode())
	}
	return err
}

// KindError says that mode is not that of a file, or not of a folder, to us.
func KindError(mode fs.FileMode) error {
	return fmt.Errorf("%w: not of a kind that is served (mode %v)", fs.ErrNotExist, mode)
}

// Outside returns the error with which root refuses a path that leads out.
// Package os doesn't export it, but gives it without asking the system.
func Outside(root *os.Root) error {
	var refused *fs.PathError
	if _, err := root.Lstat(".."); !errors.As(err, &refused) || errors.Is(err, fs.ErrClosed) {
		return nil
	}
	return refused.Err
}

// LeadsOut reports whether root refused a path because it leads out.
func LeadsOut(root *os.Root, err error) bool {
	outside := Outside(root)
	return outside != nil && errors.Is(err, outside)
}

// IsAbsent reports whether err, of opening or looking at something below root,
// says that no file is there: it is missing, of another kind, or outside.
func IsAbsent(root *os.Root, err error) bool {
	return errors.Is(err, fs.ErrNotExist) || absent.Is(err) || LeadsOut(root, err)
}
