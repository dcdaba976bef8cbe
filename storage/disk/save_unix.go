//go:build unix

package disk

import (
	"errors"
	"syscall"

	"github.com/downloadview/downloadview/internal/localfile"
)

// impossible are the errors that say that no file can have that name, and
// inTheWay those that say that something else has it.
var (
	impossible = []error{syscall.ENAMETOOLONG, syscall.EILSEQ, syscall.ELOOP}
	inTheWay   = []error{syscall.ENOTDIR, syscall.EISDIR, syscall.ENOTEMPTY}
)

// syncFolder puts the names in folder on the disk. Some file systems can't.
func syncFolder(folder *localfile.Root) error {
	if err := folder.Sync(); !isAny(err, []error{syscall.EINVAL, errors.ErrUnsupported}) {
		return err
	}
	return nil
}
