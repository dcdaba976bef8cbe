package aferofs

import (
	"fmt"
	"io/fs"

	"github.com/downloadview/downloadview/internal/absent"
)

// openError makes fs.ErrNotExist of the many ways in which a system says that
// there is no such file. The rest is left as it is.
func openError(key string, err error) error {
	if !absent.Is(err) {
		return err
	}
	return &fs.PathError{Op: "open", Path: key, Err: fmt.Errorf("%w: %w", fs.ErrNotExist, err)}
}
