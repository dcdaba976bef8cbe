//go:build unix || js || wasip1

package absent

import "syscall"

// Opening a socket is ENXIO, on macOS EOPNOTSUPP. A name that isn't UTF-8 is
// EILSEQ on file systems that require UTF-8.
var absent = []error{
	syscall.ELOOP, syscall.ENAMETOOLONG, syscall.ENOTDIR,
	syscall.ENXIO, syscall.ENODEV, syscall.EOPNOTSUPP, syscall.EILSEQ,
}
