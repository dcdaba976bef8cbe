package iofs

import (
	"errors"
	"fmt"
	"io/fs"

	"github.com/downloadview/downloadview/internal/absent"
)

var errNothing = errors.New("the FS returned neither a result nor an error")

// openError makes fs.ErrNotExist of the many ways in which a system says that
// there is no such file. The rest is left as it is.
func openError(key string, err error) error {
	if !absent.Is(err) {
		return err
	}
	return &fs.PathError{Op: "open", Path: key, Err: fmt.Errorf("%w: %w", fs.ErrNotExist, err)}
}

func regular(key string, fi fs.FileInfo) error {
	if fi.Mode().IsRegular() {
		return nil
	}
	return &fs.PathError{
		Op: "open", Path: key,
		Err: fmt.Errorf("%w: not of a kind that is served (mode %v)", fs.ErrNotExist, fi.Mode()),
	}
}
