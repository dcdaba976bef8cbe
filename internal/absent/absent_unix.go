//go:build unix

package absent

import "syscall"

// Opening a socket is ENXIO, on macOS EOPNOTSUPP, and a name that is not UTF-8
// is EILSEQ where the file system wants that.
var absent = []error{
	syscall.ELOOP, syscall.ENAMETOOLONG, syscall.ENOTDIR,
	syscall.ENXIO, syscall.ENODEV, syscall.EOPNOTSUPP, syscall.EILSEQ,
}
