package absent

import (
	"errors"
	"fmt"
	"io/fs"

	"github.com/downloadview/downloadview"
)

// OpenError returns the error to report for a download, if opening or looking
// at the file with this key, which the file system calls name, failed with err.
// If err means that there is no such file, the result is [io/fs.ErrNotExist].
// If it is about something other than the file, the result is
// [downloadview.ErrUpstream]. Other errors are returned unchanged.
func OpenError(key, name string, err error) error {
	meaning := fs.ErrNotExist
	switch {
	case errors.Is(err, downloadview.ErrUpstream):
		return err
	case Elsewhere(err, name):
		meaning = downloadview.ErrUpstream
	case Is(err):
	case errors.Is(err, errors.ErrUnsupported): // the system's, not the storage's
		return &fs.PathError{Op: "open", Path: key, Err: downloadview.AsCause(err)}
	default:
		return err
	}
	return &fs.PathError{Op: "open", Path: key, Err: fmt.Errorf("%w: %w", meaning, downloadview.AsCause(err))}
}
