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

// A roomWaiter waits until the socket of a connection takes more bytes, and may send those
// of a file then.
type roomWaiter struct {
	raw   syscall.RawConn
	looks func(fd uintptr) bool // the method look
	does  func() (int64, error) // the method do

	file   *os.File      // whose bytes are sent when there is room; nil: none
	most   int32         // of these bytes
	once   bool          // nothing waits
	full   bool          // at the last look
	got    int           // bytes that were sent; without a file, about those that the socket takes
	failed syscall.Errno // of sending
}

// roomWaiter returns the roomWaiter of c.
func (c *stallConn) roomWaiter() (*roomWaiter, error) {
	if c.waiter == nil {
		raw, err := c.rawConn()
		if err != nil {
			return nil, err
		}
		w := &roomWaiter{raw: raw}
		w.looks, w.does = w.look, w.do // kept, so that a wait allocates nothing
		c.waiter = w
	}
	return c.waiter, nil
}

// room waits until the socket takes more bytes, and returns about how many, but at least
// leastRoom. A blocked write has the same error. t is nil or the tail that waits.
func (c *stallConn) room(t *tail) (int, error) {
	w, err := c.roomWaiter()
	if err != nil {
		return 0, err
	}
	w.file, w.once = nil, false
	if _, err := c.write(w.does, t); err != nil {
		return 0, err
	}
	return w.got, nil
}

// prepare says what try and await do: they send at most n bytes of f from where it stands.
// Without f, they find out how many bytes the socket takes.
func (c *stallConn) prepare(f *os.File, n int64) error {
	w, err := c.roomWaiter()
	if err == nil {
		w.file, w.most = f, int32(min(n, largePiece))
	}
	return err
}

// try does what prepare says, and returns how many bytes it has sent or, without a file,
// how many the socket takes, but at least leastRoom. If the socket is full, the error is
// errNoRoom.
func (c *stallConn) try() (int64, error) {
	w := c.waiter
	w.once = true
	if _, err := c.paced(w.does); err != nil {
		return 0, err
	}
	return int64(w.got), nil
}

// await waits until the socket takes bytes, and then does what prepare says. It returns how
// many bytes it has sent. It needs little of the stack.
func (c *stallConn) await() (int64, error) {
	c.waiter.once = false
	return c.waiter.do()
}

// do looks at the socket, and returns how many bytes were sent.
func (w *roomWaiter) do() (int64, error) {
	err := w.raw.Write(w.looks)
	switch {
	case err != nil:
		return 0, err
	case w.full:
		return 0, errNoRoom
	case w.failed != 0:
		return 0, os.NewSyscallError("sendfile", w.failed)
	case w.file == nil:
		return 0, nil
	}
	return int64(w.got), nil
}

// look does what it can if the socket takes bytes. It reports whether the wait is over.
func (w *roomWaiter) look(fd uintptr) bool {
	if w.file == nil {
		w.full = !w.hasRoom(fd)
	} else {
		w.full = !w.sends(fd)
	}
	return w.once || !w.full
}

// sends sends bytes of the file, unless the socket is full.
func (w *roomWaiter) sends(fd uintptr) bool {
	for {
		n, err := syscall.Sendfile(int(fd), int(w.file.Fd()), nil, int(w.most))
		w.got = max(n, 0)
		switch w.failed, _ = err.(syscall.Errno); w.failed {
		case syscall.EINTR:
		case syscall.EAGAIN:
			return false
		default:
			return true
		}
	}
}

// hasRoom reports whether the socket takes bytes. SO_MEMINFO of socket(7) says how many it
// takes: the kernel counts its own overhead, too, which is up to half. If they are few,
// ppoll(2) says whether the kernel reports room; it does later if it doesn't now.
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
	free := 0
	if errno == 0 {
		free = int(memory[limit]) - int(max(memory[allocated], memory[queued]))
	}
	w.got, w.failed = max(free/2, leastRoom), 0
	if free >= 2*smallPiece {
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
