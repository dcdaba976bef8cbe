//go:build !386

package downloadview

import (
	"net"
	"os"
	"syscall"
	"unsafe"
)

// parks reports whether the rest of an answer can be sent by the connection alone.
func (c *stallConn) parks() bool {
	switch c.Conn.(type) {
	case *net.TCPConn, *net.UnixConn:
		return true
	}
	return false
}

// A roomWaiter waits until the socket of a connection takes more bytes.
type roomWaiter struct {
	raw   syscall.RawConn
	look  func(fd uintptr) bool
	await func() (int64, error)
	free  int
}

// room waits until the socket takes more bytes, and returns about how many, but at least
// leastRoom. A blocked write has the same error. t is nil or the tail that waits.
func (c *stallConn) room(t *tail) (int, error) {
	w := c.waiter
	if w == nil {
		raw, err := c.rawConn()
		if err != nil {
			return 0, err
		}
		w = &roomWaiter{raw: raw}
		w.look = w.hasRoom
		w.await = func() (int64, error) { return 0, w.raw.Write(w.look) }
		c.waiter = w
	}
	if _, err := c.write(w.await, t); err != nil {
		return 0, err
	}
	return max(w.free/2, leastRoom), nil // the kernel counts its own overhead, too
}

// hasRoom reports whether the socket takes bytes. SO_MEMINFO of socket(7) says how many it
// takes. If they are few, ppoll(2) says whether the kernel reports room; it does later if
// it doesn't now.
func (w *roomWaiter) hasRoom(fd uintptr) bool {
	const (
		soMemInfo = 55
		allocated = 2 // indexes of its answer
		limit     = 3
		queued    = 5
	)
	var memory [9]uint32
	size := uint32(unsafe.Sizeof(memory))
	_, _, errno := syscall.Syscall6(syscall.SYS_GETSOCKOPT, fd, syscall.SOL_SOCKET, soMemInfo,
		uintptr(unsafe.Pointer(&memory)), uintptr(unsafe.Pointer(&size)), 0)
	w.free = 0
	if errno == 0 {
		w.free = int(memory[limit]) - int(max(memory[allocated], memory[queued]))
	}
	if w.free >= 2*smallPiece {
		return true
	}
	const pollOut = 4
	p := struct {
		fd             int32
		events, result int16
	}{int32(fd), pollOut, 0}
	var now syscall.Timespec
	n, _, errno := syscall.Syscall6(syscall.SYS_PPOLL, uintptr(unsafe.Pointer(&p)), 1, uintptr(unsafe.Pointer(&now)), 0, 0, 0)
	return errno != 0 || n != 0
}

// sendFile waits until the socket takes bytes, and sends as many of f from where it
// stands, but at most n. It is like ReadFrom, but waits with less on the stack.
func (c *stallConn) sendFile(f *os.File, n int64) (int64, error) {
	raw, err := c.rawConn()
	if err != nil {
		return 0, err
	}
	return c.write(func() (int64, error) {
		var sent int
		var failed error
		err := raw.Write(func(fd uintptr) bool {
			for failed = syscall.EINTR; failed == syscall.EINTR; {
				sent, failed = syscall.Sendfile(int(fd), int(f.Fd()), nil, int(n))
			}
			return failed != syscall.EAGAIN
		})
		if err == nil {
			err = os.NewSyscallError("sendfile", failed)
		}
		return int64(max(sent, 0)), err
	}, nil)
}
