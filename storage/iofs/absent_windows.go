package iofs

import "syscall"

// absent are the errors that say that no such file is there, beside those that
// package syscall takes for fs.ErrNotExist itself. It has no names for the
// last three: a name that can't be one, a path that is too long, and a path
// that goes through a file.
var absent = []error{
	syscall.ELOOP, syscall.ENAMETOOLONG, syscall.ENOTDIR,
	syscall.Errno(123), syscall.Errno(206), syscall.Errno(267),
}
