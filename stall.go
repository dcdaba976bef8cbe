package downloadview

import (
	"errors"
	"io"
	"net"
	"os"
	"sync"
	"sync/atomic"
	"syscall"
	"time"
)

// EndStalled returns a listener like l whose connections end when the other side
// takes nothing for limit while there is something to send. The limit is one on
// standing still, and never on a download as a whole: one that goes on, however
// slowly, isn't ended. Without it a client that stops reading holds its handler,
// its file and its connection to a store until TCP gives up on it, which for a
// client that answers is never.
//
//	l, err := net.Listen("tcp", ":8080")
//	…
//	err = server.Serve(downloadview.EndStalled(l, time.Minute))
//
// It sees what the connection takes, so it goes below TLS: wrap the listener that
// [crypto/tls.NewListener] or [net/http.Server.ServeTLS] is given. Files still
// leave by sendfile(2). On Linux the connection also tells what the other side has
// taken of the bytes that wait in the socket; on other systems a client goes on
// where the socket takes more.
//
// A download that is ended so has the [AbortedByStall]. The streams of
// an HTTP/2 connection have a flow control of their own: what ends is a connection
// that stands still as a whole. A limit of 0 or less panics. For requests whose
// body doesn't come see [EndStalledBodies].
func EndStalled(l net.Listener, limit time.Duration) net.Listener {
	if limit <= 0 {
		panic("downloadview: EndStalled with a limit of " + limit.String())
	}
	return &stallListener{l, limit}
}

type stallListener struct {
	net.Listener
	limit time.Duration
}

func (l *stallListener) Accept() (net.Conn, error) {
	c, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	return &stallConn{Conn: c, limit: l.limit}, nil
}

// errStalled is the error of a write to a client that takes nothing.
var errStalled error = stalledError{}

type stalledError struct{}

func (stalledError) Error() string   { return "the client has taken nothing for too long" }
func (stalledError) Timeout() bool   { return true }
func (stalledError) Temporary() bool { return false }
func (stalledError) Unwrap() error   { return os.ErrDeadlineExceeded }

// A stallConn ends writes that stand still. One goroutine writes at a time.
type stallConn struct {
	net.Conn
	limit time.Duration

	writing atomic.Int32 // writes that are going on

	mu    sync.Mutex
	outer time.Time // the deadline that the connection's owner has set; zero: none
	until time.Time // the deadline that the connection has
}

// looks is how often a write that stands still is looked at within the limit.
const looks = 4

// write calls once, which writes more each time, until it has an answer that is
// not the deadline of a look, or the other side has taken nothing for the limit.
func (c *stallConn) write(once func() (int64, error)) (int64, error) {
	c.writing.Add(1)
	defer c.writing.Add(-1)
	var sent int64
	waiting := -1 // bytes in the socket at the last look; -1: not known
	still := 0    // looks without progress
	for {
		c.renew()
		n, err := once()
		sent += n
		if err == nil || !errors.Is(err, os.ErrDeadlineExceeded) || c.isOver() {
			return sent, err
		}
		left, known := unsent(c.Conn)
		if n > 0 || known && waiting >= 0 && left < waiting {
			still = 0
		} else if still++; still > looks {
			return sent, errStalled
		}
		if waiting = -1; known {
			waiting = left
		}
	}
}

// renew sets the deadline of the next look, unless one is far enough.
func (c *stallConn) renew() {
	c.mu.Lock()
	defer c.mu.Unlock()
	step := c.limit / looks
	now := time.Now()
	if c.until.Sub(now) > step/2 {
		return
	}
	c.until = now.Add(step)
	if !c.outer.IsZero() && c.outer.Before(c.until) {
		c.until = c.outer
	}
	_ = c.Conn.SetWriteDeadline(c.until)
}

// isOver tells whether the deadline of the connection's owner has passed.
func (c *stallConn) isOver() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return !c.outer.IsZero() && !time.Now().Before(c.outer)
}

func (c *stallConn) Write(p []byte) (int, error) {
	n, err := c.write(func() (int64, error) {
		n, err := c.Conn.Write(p)
		p = p[n:]
		return int64(n), err
	})
	return int(n), err
}

// ReadFrom leaves the copying to the connection where the kernel does it.
func (c *stallConn) ReadFrom(r io.Reader) (int64, error) {
	rf, ok := c.Conn.(io.ReaderFrom)
	part := kernelPart(r)
	if !ok || part == nil {
		return io.Copy(struct{ io.Writer }{c}, r)
	}
	return c.write(func() (int64, error) { return readPart(rf, part) })
}

func (c *stallConn) SetDeadline(t time.Time) error {
	return errors.Join(c.Conn.SetReadDeadline(t), c.SetWriteDeadline(t))
}

func (c *stallConn) SetWriteDeadline(t time.Time) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if t.IsZero() && c.outer.IsZero() {
		return nil // what stands is the next look's, and net/http says so for each request
	}
	c.outer, c.until = t, t
	return c.Conn.SetWriteDeadline(t)
}

// Close resets the connection in the middle of a write, as when a server closes
// those that are left: the other side would take an end in good order for that of
// an answer without a length.
func (c *stallConn) Close() error {
	if c.writing.Load() > 0 {
		closeHard(c.Conn)
		return nil
	}
	return c.Conn.Close()
}

// CloseWrite is how net/http takes leave of a client.
func (c *stallConn) CloseWrite() error {
	if w, ok := c.Conn.(interface{ CloseWrite() error }); ok {
		return w.CloseWrite()
	}
	return errors.ErrUnsupported
}

// NetConn returns the connection below.
func (c *stallConn) NetConn() net.Conn { return c.Conn }

func (c *stallConn) SyscallConn() (syscall.RawConn, error) {
	if s, ok := c.Conn.(syscall.Conn); ok {
		return s.SyscallConn()
	}
	return nil, errors.ErrUnsupported
}

var (
	_ io.ReaderFrom = (*stallConn)(nil)
	_ syscall.Conn  = (*stallConn)(nil)
)
