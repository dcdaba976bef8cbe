//go:build unix

package localfile

import (
	"errors"
	"syscall"
)

// isLeased reports whether err is that of opening, without waiting, a file that
// another has a write lease on (fcntl(2), F_SETLEASE).
func isLeased(err error) bool { return errors.Is(err, syscall.EWOULDBLOCK) }
