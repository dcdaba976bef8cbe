package disk

import (
	"os"
	"path/filepath"
	"syscall"
)

const openFlag = os.O_RDONLY

// absent are the errors that say that no such file is there, beside those that
// package syscall takes for fs.ErrNotExist itself.
var absent = []error{
	syscall.ELOOP, syscall.ENAMETOOLONG, syscall.ENOTDIR,
	errorInvalidName, errorFilenameExceedsRange, errorDirectory,
}

// System error codes of winerror.h that package syscall has no names for.
const (
	errorInvalidName          = syscall.Errno(123)
	errorFilenameExceedsRange = syscall.Errno(206)
	errorDirectory            = syscall.Errno(267)
)

// localName returns key as the system spells it.
func localName(key string) (string, bool) {
	name, err := filepath.Localize(key)
	return name, err == nil
}
