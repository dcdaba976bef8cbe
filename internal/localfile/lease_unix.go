//go:build unix

package localfile

import (
	"errors"
	"syscall"
)

// isLeased reports whether err is the error of opening, without waiting, a file
// on which another process has a write lease (fcntl(2), F_SETLEASE).
func isLeased(err error) bool { return errors.Is(err, syscall.EWOULDBLOCK) }
