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

// EndStalled returns a listener like l. It ends a connection if the other side
// accepts no data for limit while there is data to send. Only the time without
// progress counts: a download that makes progress, however slow, isn't ended.
// Without it, a client that stops reading keeps its handler, its file and its
// connection to a store until TCP gives up. If the client still sends
// acknowledgments, that is never.
//
//	l, err := net.Listen("tcp", ":8080")
//	…
//	err = server.Serve(downloadview.EndStalled(l, time.Minute))
//
// It must see what the connection accepts, so it goes below TLS: wrap the
// listener that [crypto/tls.NewListener] or [net/http.Server.ServeTLS] is
// given. Files are still sent by sendfile(2). On Linux, acknowledged bytes of
// those that wait in the socket count as progress; on other systems only bytes
// that the socket accepts do.
//
// The [Outcome] of such a download has [AbortedByStall]. HTTP/2 streams have
// their own flow control: a connection is ended only if it makes no progress as
// a whole, so use [EndStalledStreams], too. A limit of 0 or less panics. For
// clients that read very slowly see [EndSlow], for request bodies that don't
// arrive [EndStalledBodies].
func EndStalled(l net.Listener, limit time.Duration) net.Listener {
	if limit <= 0 {
		panic("downloadview: EndStalled: limit " + limit.String() + "; want more than 0")
	}
	return &stallListener{l, limit, 0}
}

type stallListener struct {
	net.Listener
	limit time.Duration
	least int64
}

func (l *stallListener) Accept() (net.Conn, error) {
	c, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	return &stallConn{Conn: c, limit: l.limit, pace: pace{least: l.least}}, nil
}

// errStalled is the error of a write to a client that accepts nothing.
var errStalled error = stalledError{}

type stalledError struct{}

func (stalledError) Error() string   { return "the client has accepted no data for too long" }
func (stalledError) Timeout() bool   { return true }
func (stalledError) Temporary() bool { return false }
func (stalledError) Unwrap() error   { return os.ErrDeadlineExceeded }

// A stallConn ends writes that make no progress. One goroutine writes at a
// time.
type stallConn struct {
	net.Conn
	limit time.Duration

	writing atomic.Int32 // writes that are going on
	holding atomic.Bool  // a file follows what is written
	holder  *holder      // nil until then
	seen    progress     // of the present write
	pace    pace
	total   int64                        // bytes accepted so far
	held    int64                        // total after a header that was held back
	tail    *tail                        // the last copy of an answer; nil until then
	waiter  *roomWaiter                  // nil until then
	answer  atomic.Pointer[parkedAnswer] // nil: it isn't parked

	reading readDeadline

	mu    sync.Mutex
	site  parkSite
	outer time.Time // the deadline that the connection's owner has set; zero: none
	until time.Time // the deadline that the connection has
}

// looks is how often, within the limit, a write without progress is checked at least.
const looks = 4

// write calls once, which continues the write each time, until the result isn't
// the deadline of a check, or the other side has accepted nothing for the
// limit. If t isn't nil and its client is slow, the error is errTail.
func (c *stallConn) write(once func() (int64, error), t *tail) (int64, error) {
	c.writing.Add(1)
	defer c.writing.Add(-1)
	step := c.limit / looks
	if t != nil {
		step = min(step, t.parking.after)
	}
	c.seen = progress{waiting: -1}
	var sent int64
	for {
		c.renew(step)
		n, err := c.paced(once)
		sent += n
		c.total += n
		if goesOn, err := c.look(n, err, step); !goesOn {
			return sent, err
		}
		if t != nil && t.isSlow() {
			return sent, errTail
		}
	}
}

// A progress is what the looks at a write have seen.
type progress struct {
	waiting int // bytes in the socket at the last look; -1: not known
	still   int // looks without progress
}

// look looks at a write that has ended with err after n more bytes, and reports whether it
// goes on. Else it returns the write's error. The looks come after step.
func (c *stallConn) look(n int64, err error, step time.Duration) (goesOn bool, _ error) {
	if err == nil || errors.Is(err, errSlow) || !errors.Is(err, os.ErrDeadlineExceeded) || c.isOver() {
		return false, err
	}
	most := int(c.limit / max(step, 1)) // looks without progress
	p := &c.seen
	left, known := unsent(c.Conn)
	if n > 0 || known && p.waiting >= 0 && left < p.waiting {
		p.still = 0
	} else if p.still++; p.still > most {
		return false, errStalled
	}
	if p.waiting = -1; known {
		p.waiting = left
	}
	return true, nil
}

// paced calls once, and returns errSlow in its place if the other side is too slow.
func (c *stallConn) paced(once func() (int64, error)) (int64, error) {
	if c.pace.least == 0 {
		return once()
	}
	if c.pace.isSlow(c.limit) {
		return 0, errSlow
	}
	begun := time.Now()
	n, err := once()
	c.pace.count(c.Conn, n, time.Since(begun))
	return n, err
}

// renew sets the deadline of the next check, step from now, unless the present one is far
// enough away.
func (c *stallConn) renew(step time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if left := time.Until(c.until); left > step/2 && left <= step { // more: it is the owner's
		return
	}
	c.until = time.Now().Add(step)
	if !c.outer.IsZero() && c.outer.Before(c.until) {
		c.until = c.outer
	}
	_ = c.Conn.SetWriteDeadline(c.until)
}

// isOver reports whether the deadline that the owner of the connection has set
// has passed.
func (c *stallConn) isOver() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return !c.outer.IsZero() && !time.Now().Before(c.outer)
}

func (c *stallConn) Write(p []byte) (int, error) {
	held := 0
	if c.holding.Load() {
		held = c.hold(p)
		c.total += int64(held)
		c.pace.queued += held
		if held == len(p) {
			return held, nil
		}
		p = p[held:]
	}
	n, err := c.write(func() (int64, error) {
		n, err := c.Conn.Write(p)
		p = p[n:]
		return int64(n), err
	}, nil)
	return held + int(n), err
}

// ReadFrom lets the connection copy if the kernel can do it.
func (c *stallConn) ReadFrom(r io.Reader) (int64, error) {
	rf, ok := c.Conn.(io.ReaderFrom)
	part := kernelPart(r)
	t := c.tailOf(part)
	switch {
	case ok && part != nil:
		return c.write(func() (int64, error) { return readPart(rf, part) }, t)
	case t != nil:
		return t.copy(part)
	}
	return io.Copy(struct{ io.Writer }{c}, r)
}

func (c *stallConn) Read(p []byte) (int, error) { return c.reading.read(c.Conn, p) }

func (c *stallConn) SetReadDeadline(t time.Time) error { return c.reading.update(c.Conn, t) }

func (c *stallConn) SetDeadline(t time.Time) error {
	return errors.Join(c.SetReadDeadline(t), c.SetWriteDeadline(t))
}

func (c *stallConn) SetWriteDeadline(t time.Time) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if t.IsZero() && c.outer.IsZero() {
		return nil // the deadline of the next check stays; net/http makes this call for each request
	}
	c.outer, c.until = t, t
	return c.Conn.SetWriteDeadline(t)
}

// Close resets the connection in the middle of a write, for example when a
// server closes the remaining connections. After a normal close, the other side
// would take an answer without a length for complete.
func (c *stallConn) Close() error {
	if c.writing.Load() > 0 {
		closeHard(c.Conn)
		return nil
	}
	return c.Conn.Close()
}

// CloseWrite is called by net/http before it closes a connection.
func (c *stallConn) CloseWrite() error {
	if w, ok := c.Conn.(interface{ CloseWrite() error }); ok {
		return w.CloseWrite()
	}
	return errors.ErrUnsupported
}

// NetConn returns the connection below.
func (c *stallConn) NetConn() net.Conn {
	c.reading.expose(c.Conn)
	return c.Conn
}

func (c *stallConn) SyscallConn() (syscall.RawConn, error) {
	c.reading.expose(c.Conn)
	return c.rawConn()
}

// rawConn is SyscallConn for callers that don't read.
func (c *stallConn) rawConn() (syscall.RawConn, error) {
	if s, ok := c.Conn.(syscall.Conn); ok {
		return s.SyscallConn()
	}
	return nil, errors.ErrUnsupported
}

var (
	_ io.ReaderFrom = (*stallConn)(nil)
	_ syscall.Conn  = (*stallConn)(nil)
)
