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

// push sends what the socket holds back.
func (c *stallConn) push() {
	if t, ok := c.Conn.(*net.TCPConn); ok {
		_ = t.SetNoDelay(true) // it is so anyway; setting it again sends: see TCP_NODELAY in tcp(7)
	}
}

// A holder puts bytes into the socket of a connection. It is kept between answers, so
// that an answer allocates nothing for it.
type holder struct {
	raw  syscall.RawConn
	send func(fd uintptr) bool
	p    []byte
	took int
}

// hold puts p into the socket, which sends it together with the bytes that follow, or
// after 200 ms: see MSG_MORE in send(2). It returns how much of p it took. It doesn't
// wait; the next write has its error.
func (c *stallConn) hold(p []byte) int {
	h := c.holder
	if h == nil {
		raw, err := c.rawConn()
		if err != nil {
			return 0
		}
		h = &holder{raw: raw}
		h.send = func(fd uintptr) bool {
			n, err := syscall.SendmsgN(int(fd), h.p, nil, nil, syscall.MSG_MORE|syscall.MSG_NOSIGNAL)
			if err == nil {
				h.took = n
			}
			return true
		}
		c.holder = h
	}
	h.p, h.took = p, 0
	_ = h.raw.Write(h.send)
	h.p = nil
	return h.took
}
