package disk

import (
	"syscall"

	"github.com/downloadview/downloadview/internal/localfile"
)

// impossible are the errors for a name that no file can have; inTheWay are the
// errors for a name that something else has.
var (
	impossible = []error{errorInvalidName, errorFilenameExceedsRange, syscall.ENAMETOOLONG, syscall.ELOOP}
	inTheWay   = []error{errorDirectory, syscall.ENOTDIR, syscall.EISDIR}
)

// syncFolder does nothing: Windows has no call for syncing a folder.
func syncFolder(*localfile.Root) error { return nil }

// System error codes of winerror.h that package syscall has no names for.
const (
	errorInvalidName          = syscall.Errno(123)
	errorFilenameExceedsRange = syscall.Errno(206)
	errorDirectory            = syscall.Errno(267)
)
