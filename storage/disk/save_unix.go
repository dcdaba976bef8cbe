//go:build unix || js || wasip1

package disk

import (
	"errors"
	"syscall"

	"github.com/downloadview/downloadview/internal/localfile"
)

// impossible are the errors for a name that no file can have; inTheWay are the
// errors for a name that something else has.
var (
	impossible = []error{syscall.ENAMETOOLONG, syscall.EILSEQ, syscall.ELOOP}
	inTheWay   = []error{syscall.ENOTDIR, syscall.EISDIR, syscall.ENOTEMPTY}
)

// syncFolder writes the names in folder to disk. Some file systems can't.
func syncFolder(folder *localfile.Root) error {
	if err := folder.Sync(); !isAny(err, []error{syscall.EINVAL, errors.ErrUnsupported}) {
		return err
	}
	return nil
}
