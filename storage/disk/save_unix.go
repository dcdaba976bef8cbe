//go:build unix

package disk

import (
	"errors"
	"os"
	"syscall"
)

// impossible are the errors that say that no file can have that name, and
// inTheWay those that say that something else has it.
var (
	impossible = []error{syscall.ENAMETOOLONG, syscall.EILSEQ, syscall.ELOOP}
	inTheWay   = []error{syscall.ENOTDIR, syscall.EISDIR, syscall.ENOTEMPTY}
)

// syncFolder puts the names in folder on the disk. Some file systems can't.
func syncFolder(folder *os.Root) error {
	f, err := folder.Open(".")
	if err != nil {
		return err
	}
	defer f.Close()
	if err := f.Sync(); !isAny(err, []error{syscall.EINVAL, errors.ErrUnsupported}) {
		return err
	}
	return nil
}
