package downloadview

import (
	"context"
	"errors"
	"io"
	"net/http"
	"os"
	"reflect"
	"time"
)

// errTail means that a client has been slow during the last copy of an answer, which may
// be parked.
var errTail = errors.New("the client is slow")

const (
	// leastParked is the least number of bytes that are parked: less than that fits mostly
	// into the buffers of the socket.
	leastParked = 256 << 10
	// slowClient is the least number of bytes a second at which a client is fast.
	slowClient = 1 << 20
	// leastRoom is the size of a piece if little is known of the room for it. The server's
	// buffer keeps no piece of this size back.
	leastRoom = 4<<10 + 1<<9
)

// A tail is the last copy of an answer, which ends with errTail if the client is slow. A
// connection keeps one for its next answers.
type tail struct {
	conn    *stallConn
	parking *Parking
	src     io.Reader // nil: nothing is copied
	length  int64     // of the copy
	piece   int64     // the most bytes to write at once; 0: what there is room for
	unborn  bool      // the header goes with the first piece
	counted bool      // base and the bytes of the body say whether a writer changes them
	base    int64     // what the connection had accepted before the body

	since time.Time // the beginning of the present measurement
	took  int64     // what the connection had accepted then
}

// begin says that n bytes of src are copied.
func (t *tail) begin(src io.Reader, n int64) {
	t.src, t.length = src, n
	t.measure()
}

func (t *tail) measure() { t.since, t.took = time.Now(), t.conn.total }

// end says that nothing is copied any more.
func (t *tail) end() {
	if t != nil {
		t.src = nil
	}
}

// count sends the header, after which the bytes of the body are counted. hold passes it to
// the socket, which waits for the body.
func (t *tail) count(w http.ResponseWriter, hold bool) {
	if hold && t.conn.holds() {
		t.conn.holdHeader(w)
	} else {
		_ = http.NewResponseController(w).Flush() // an error comes again with the body
	}
	t.unborn, t.counted, t.base = false, true, t.conn.total
}

// isSlow reports whether the client has been slow for the time after which it is parked.
func (t *tail) isSlow() bool {
	if t.src == nil {
		return false
	}
	over := time.Since(t.since)
	if over < t.parking.after {
		return false
	}
	slow := float64(t.conn.total-t.took) < slowClient*over.Seconds()
	t.measure()
	return slow
}

// room waits until the connection takes more bytes, and returns how many.
func (t *tail) room() (int, error) {
	if t.piece > 0 && !t.unborn && t.isSlow() { // writes wait for the rate, and not for the client
		return 0, errTail
	}
	waits := t
	if t.unborn {
		waits = nil // without its header, the answer can't be parked
	}
	n, err := t.conn.room(waits)
	if t.piece > 0 {
		n = min(n, int(t.piece))
	}
	return n, err
}

// copy sends part to a connection that doesn't let the kernel send it.
func (t *tail) copy(part *io.LimitedReader) (int64, error) {
	n, readErr, writeErr := copyPieces(t.conn.Write, part.R, part.N, t)
	part.N -= n
	if readErr != nil {
		return n, readErr
	}
	return n, writeErr
}

// tailOf returns the tail if part belongs to it, else nil.
func (c *stallConn) tailOf(part *io.LimitedReader) *tail {
	if part == nil || c.tail == nil {
		return nil
	}
	f, ok := part.R.(*os.File)
	if !ok || c.tail.src != io.Reader(f) {
		return nil
	}
	return c.tail
}

// A parkSite says where a request has entered [Parking.Handler].
type parkSite struct {
	parking *Parking // nil: nowhere
	writer  http.ResponseWriter
	ctx     context.Context // of the request
}

// enter says where the present request has entered [Parking.Handler].
func (c *stallConn) enter(s parkSite) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.site = s
}

// entered returns where the present request has entered [Parking.Handler]. There is no
// place if a deadline of the owner would be lost.
func (c *stallConn) entered() parkSite {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.outer.IsZero() {
		return parkSite{}
	}
	return c.site
}

// parkable returns the tail of an answer that w sends, if it may be parked, else nil.
func (x *exchange) parkable(w http.ResponseWriter) *tail {
	if !x.returns || x.moving != nil || x.r.Method != http.MethodGet || x.r.ContentLength != 0 || x.r.ProtoMajor != 1 {
		return nil
	}
	ctx := x.r.Context()
	c, ok := ctx.Value(connKey{}).(*stallConn)
	if !ok {
		return nil
	}
	s := c.entered()
	if s.parking == nil || s.writer != w || !endTogether(s.ctx, ctx) {
		return nil
	}
	if _, ends := ctx.Deadline(); ends {
		return nil
	}
	if c.tail == nil {
		c.tail = new(tail)
	}
	*c.tail = tail{conn: c, parking: s.parking}
	return c.tail
}

// endTogether reports whether a and b end with the same channel. It is made when it is asked
// for, so that equal contexts need none.
func endTogether(a, b context.Context) bool {
	if va, vb := reflect.ValueOf(a), reflect.ValueOf(b); va.Comparable() && vb.Comparable() && a == b {
		return true
	}
	return a.Done() == b.Done()
}

// mayPark prepares the last copy of the answer, which has n bytes, and returns its tail;
// nil if it isn't parked. src may be nil if it isn't known yet.
func (x *exchange) mayPark(src io.Reader, n int64) *tail {
	if n < leastParked {
		return nil
	}
	w, pace := unpaced(x.w)
	if x.tail == nil {
		if _, ok := src.(*os.File); !ok { // reading it may need the context
			return nil
		}
		x.tail = x.parkable(w)
	}
	t := x.tail
	if t == nil {
		return nil
	}
	if pace != nil {
		pace.tail, t.piece = t, smallPiece
		if pace.rate > 0 {
			t.piece = min(t.piece, pace.rate)
		}
		if pace.pacer != nil {
			t.piece = min(t.piece, int64(pace.pacer.Burst()))
		}
		t.piece = max(t.piece, leastRoom)
	}
	return t
}

// unpaced returns the writer below the one that keeps to a rate, and that one, or nil.
func unpaced(w http.ResponseWriter) (http.ResponseWriter, *pacedWriter) {
	switch p := w.(type) {
	case *pacedWriter:
		return p.ResponseWriter, p
	case *pacedReaderFrom:
		return p.ResponseWriter, p.pacedWriter
	}
	return w, nil
}

// mayLeave makes the context of x go on after the handler if the answer may be parked: its
// file is read with it.
func (x *exchange) mayLeave() {
	w, _ := unpaced(x.w)
	if x.tail = x.parkable(w); x.tail != nil {
		x.detach()
		x.apart.follow()
	}
}

// leaveRequest makes the context of x independent of the request's, and reports whether
// neither has ended.
func (x *exchange) leaveRequest() bool {
	if x.apart == nil {
		x.detach()
	}
	return x.apart.leave()
}

// length returns the length of the content that p sends of a file of size bytes.
func (p plan) length(size int64) int64 {
	if len(p.ranges) == 1 {
		return p.ranges[0].length
	}
	return size
}
