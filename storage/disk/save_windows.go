package disk

import (
	"os"
	"syscall"
)

// impossible are the errors that say that no file can have that name, and
// inTheWay those that say that something else has it.
var (
	impossible = []error{errorInvalidName, errorFilenameExceedsRange, syscall.ENAMETOOLONG, syscall.ELOOP}
	inTheWay   = []error{errorDirectory, syscall.ENOTDIR, syscall.EISDIR}
)

// syncFolder does nothing: Windows has no call for the names in a folder.
func syncFolder(*os.Root) error { return nil }
