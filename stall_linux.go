package downloadview

import (
	"net"
	"syscall"
	"unsafe"
)

// unsent returns how many bytes wait in the socket of c until the other side
// accepts them, and whether that is known. It uses SIOCOUTQ of tcp(7), which
// unix(7) has too.
func unsent(c net.Conn) (n int, known bool) {
	s, ok := c.(syscall.Conn)
	if !ok {
		return 0, false
	}
	raw, err := s.SyscallConn()
	if err != nil {
		return 0, false
	}
	var waiting int32
	err = raw.Control(func(fd uintptr) {
		_, _, errno := syscall.Syscall(syscall.SYS_IOCTL, fd, syscall.TIOCOUTQ, uintptr(unsafe.Pointer(&waiting)))
		known = errno == 0
	})
	return int(waiting), known && err == nil
}
