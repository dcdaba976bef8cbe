//go:build !linux || 386

package downloadview

import (
	"errors"
	"os"
)

// parks reports whether the rest of an answer can be sent by the connection alone.
func (*stallConn) parks() bool { return false }

// A roomWaiter is needed on Linux only.
type roomWaiter struct{}

func (*stallConn) room(*tail) (int, error) { return 0, errors.ErrUnsupported }

func (*stallConn) prepare(*os.File, int64) error { return errors.ErrUnsupported }

func (*stallConn) try() (int64, error) { return 0, errors.ErrUnsupported }

func (*stallConn) await() (int64, error) { return 0, errors.ErrUnsupported }
