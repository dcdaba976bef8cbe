package disk

import (
	"errors"
	"fmt"
	"io/fs"
	"slices"

	"github.com/downloadview/downloadview"
	"github.com/downloadview/downloadview/internal/absent"
	"github.com/downloadview/downloadview/internal/localfile"
)

func (at *rooted) openError(key string, err error) error {
	if at.root.LeadsOut(err) {
		return notFound(key, err)
	}
	return openError(key, err)
}

// openError returns fs.ErrNotExist for the many errors with which systems say
// that there is no such file. Other errors are left as they are.
func openError(name string, err error) error {
	if absent.Is(err) {
		return notFound(name, err)
	}
	if errors.Is(err, errors.ErrUnsupported) { // the system's, not the storage's
		return &fs.PathError{Op: "open", Path: name, Err: downloadview.AsCause(err)}
	}
	return err
}

func notFound(name string, cause error) error {
	var pathErr *fs.PathError
	if errors.As(cause, &pathErr) {
		cause = pathErr.Err
	}
	return &fs.PathError{Op: "open", Path: name, Err: fmt.Errorf("%w: %w", fs.ErrNotExist, downloadview.AsCause(cause))}
}

// kindError is the error for something of this mode: not a regular file, or not
// a folder.
func kindError(mode fs.FileMode) error {
	return localfile.KindError(mode)
}

func isAny(err error, targets []error) bool {
	return slices.ContainsFunc(targets, func(target error) bool { return errors.Is(err, target) })
}
