package absent

import (
	"errors"
	"fmt"
	"io/fs"

	"github.com/downloadview/downloadview"
)

// OpenError returns what err, of opening or looking at the file with this key,
// which the file system calls name, means to a download. What says in other words
// that there is no such file is [io/fs.ErrNotExist], and what is about something
// else than the file is [downloadview.ErrUpstream]. The rest is left as it is.
func OpenError(key, name string, err error) error {
	meaning := fs.ErrNotExist
	switch {
	case errors.Is(err, downloadview.ErrUpstream):
		return err
	case Elsewhere(err, name):
		meaning = downloadview.ErrUpstream
	case Is(err):
	case errors.Is(err, errors.ErrUnsupported): // by the system, not by the storage
		return &fs.PathError{Op: "open", Path: key, Err: downloadview.AsCause(err)}
	default:
		return err
	}
	return &fs.PathError{Op: "open", Path: key, Err: fmt.Errorf("%w: %w", meaning, downloadview.AsCause(err))}
}
