//go:build unix

package iofs

import "syscall"

// absent are the errors, beside ENOENT, that say that no such file is there.
var absent = []error{
	syscall.ELOOP, syscall.ENAMETOOLONG, syscall.ENOTDIR,
	syscall.ENXIO, syscall.ENODEV, syscall.EOPNOTSUPP, syscall.EILSEQ,
}
