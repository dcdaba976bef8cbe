package downloadview

import (
	"net"
	"syscall"
)

// holds reports whether the connection can hold bytes back until more follow.
func (c *stallConn) holds() bool {
	_, ok := c.Conn.(*net.TCPConn)
	return ok
}

// hold puts p into the socket, which sends it together with the bytes that follow, or
// after 200 ms: see MSG_MORE in send(2). It returns how much of p it took. It doesn't
// wait, and the next write has its error.
func (c *stallConn) hold(p []byte) (n int) {
	raw, err := c.SyscallConn()
	if err != nil {
		return 0
	}
	_ = raw.Write(func(fd uintptr) bool {
		n, _ = syscall.SendmsgN(int(fd), p, nil, nil, syscall.MSG_MORE|syscall.MSG_NOSIGNAL)
		return true
	})
	return max(n, 0)
}
