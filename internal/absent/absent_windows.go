package absent

import "syscall"

// Package syscall maps the other errors to io/fs.ErrNotExist itself.
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
