package iofs

import (
	"errors"
	"fmt"
	"io/fs"
)

var errNothing = errors.New("the FS returned neither a result nor an error")

func regular(key string, fi fs.FileInfo) error {
	if fi.Mode().IsRegular() {
		return nil
	}
	return &fs.PathError{
		Op: "open", Path: key,
		Err: fmt.Errorf("%w: not a regular file (mode %v)", fs.ErrNotExist, fi.Mode()),
	}
}
