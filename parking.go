package downloadview

import (
	"bufio"
	"context"
	"net"
	"net/http"
	"reflect"
	"sync"
	"time"
)

// Parking sends the rest of a download to a slow client with less memory. When a client
// takes less than a megabyte a second, or nothing, the connection is taken from the
// server in the middle of the body, and the handler returns. So the download no longer
// holds the goroutine and the buffers of net/http: some 8 KiB for a client in place of
// 30 to 60. [NewParking] makes one. Several goroutines may use it, and several handlers
// and servers may share it.
//
//	parking := downloadview.NewParking(nil)
//	server := &http.Server{
//		Handler:     parking.Handler(handler),
//		ConnContext: downloadview.ConnContext,
//	}
//	err = server.Serve(downloadview.EndStalled(l, time.Minute))
//
// Three things change:
//   - The handler returns before the download is over. So does middleware around it,
//     unless it uses [AfterAnswer]. The [Observer], the [Tracer] and the [Gate] see the
//     real end.
//   - The connection is closed after the download.
//   - [net/http.Server.Shutdown] doesn't wait for such downloads. Call
//     [Parking.Shutdown] after it.
//
// Answers are the same as without, also if they are broken off: see [AbortedBy].
//
// Only answers of [NewHandler] are parked that send a whole file or one range, of 256 KiB
// or more, over HTTP/1 without TLS on TCP or a unix socket, on Linux, if the server has
// the listener of [EndStalled] or [EndSlow], [ConnContext] and no WriteTimeout. The file
// is one of the system, or a [RangeFile] such as an object of a bucket. If its handle has
// a WriteTo of its own, it isn't parked, apart from those of storage/resume. So archives,
// storage/readahead and [FromString] are not. Nor is an answer if middleware between
// [Parking.Handler] and the handler wraps the ResponseWriter, or gives the request a
// context that ends on its own. [Send] doesn't return early: the code after it may close
// what is being sent.
type Parking struct {
	after time.Duration

	mu     sync.Mutex
	open   map[*parkedAnswer]struct{} // not over
	ending map[*parkedAnswer]struct{} // over; the client may still be reading
	none   chan struct{}              // closed when none is open; nil: nobody waits
	closed bool
}

// ParkingOptions are the options of [NewParking].
type ParkingOptions struct {
	// After is how long a client has to be slow before its download is parked. 0
	// means a second.
	After time.Duration
}

const usualParkAfter = time.Second

// NewParking returns a Parking with these options; nil is the zero value. It panics if
// After is negative.
func NewParking(o *ParkingOptions) *Parking {
	p := &Parking{after: usualParkAfter, open: make(map[*parkedAnswer]struct{}), ending: make(map[*parkedAnswer]struct{})}
	if o != nil && o.After != 0 {
		p.after = o.After
	}
	if p.after < 0 {
		panic("downloadview: NewParking: After " + p.after.String() + "; want no negative time")
	}
	return p
}

// Handler returns a handler like next whose downloads may be parked. It is ordinary http
// middleware. What is outside of it sees the handler return early. Middleware outside may
// wrap the ResponseWriter if it doesn't change the body.
func (p *Parking) Handler(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		c, ok := r.Context().Value(connKey{}).(*stallConn)
		if !ok || r.ProtoMajor != 1 || r.TLS != nil || !c.parks() || !reflect.TypeOf(w).Comparable() {
			next.ServeHTTP(w, r)
			return
		}
		c.enter(parkSite{p, w, r.Context()})
		defer c.enter(parkSite{})
		next.ServeHTTP(w, r)
	})
}

// Open returns how many downloads are parked.
func (p *Parking) Open() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return len(p.open)
}

// Shutdown waits until no download is parked, or until ctx is done; then it returns the
// error of ctx. Call it after [net/http.Server.Shutdown], which keeps new requests away.
// It doesn't break off downloads: see [Parking.Close].
func (p *Parking) Shutdown(ctx context.Context) error {
	p.mu.Lock()
	none := p.none
	if none == nil {
		none = make(chan struct{})
		if len(p.open) == 0 {
			close(none)
		} else {
			p.none = none
		}
	}
	p.mu.Unlock()
	select {
	case <-none:
		p.closeEnding()
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// closeEnding closes connections that wait for their clients to close.
func (p *Parking) closeEnding() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for a := range p.ending {
		_ = a.conn.Close()
	}
}

// Close breaks off all parked downloads. Their outcome is [AbortedByShutdown]. It doesn't
// wait until their observers were called; [Parking.Shutdown] does. From then on no
// download is parked.
func (p *Parking) Close() error {
	p.mu.Lock()
	p.closed = true
	var conns []net.Conn
	for a := range p.open {
		a.apart.cancel(ErrShutdown)
		if a.conn != nil {
			conns = append(conns, a.conn)
		}
	}
	p.mu.Unlock()
	for _, c := range conns {
		closeHard(c)
	}
	p.closeEnding()
	return nil
}

// take adds a, whose connection hijack takes from the server. It reports whether a is
// parked now.
func (p *Parking) take(a *parkedAnswer, hijack func() (net.Conn, *bufio.ReadWriter, error)) bool {
	p.mu.Lock()
	if p.closed {
		p.mu.Unlock()
		return false
	}
	p.open[a] = struct{}{} // before the server forgets the connection: Shutdown comes after that of the server
	p.mu.Unlock()
	conn, _, err := hijack() // without its buffers; what the client has sent meanwhile is lost with the connection
	p.mu.Lock()
	if err != nil {
		p.remove(a)
		p.mu.Unlock()
		return false
	}
	a.conn = conn
	closed := p.closed
	p.mu.Unlock()
	if closed {
		closeHard(conn)
	}
	return true
}

// remove says that a is over. p.mu is locked.
func (p *Parking) remove(a *parkedAnswer) {
	delete(p.open, a)
	if len(p.open) == 0 && p.none != nil {
		close(p.none)
		p.none = nil
	}
}

// AfterAnswer calls f when the answer to r is over. Without [Parking] it calls f at once.
// If the answer is parked, f is called when the download has ended, after the [Observer],
// in another goroutine. Call it in http middleware after the inner handler has returned,
// with the request that this handler got or the one that the middleware got:
//
//	defer downloadview.AfterAnswer(r, release)
//	next.ServeHTTP(w, r)
func AfterAnswer(r *http.Request, f func()) {
	if c, ok := r.Context().Value(connKey{}).(*stallConn); ok && r.ProtoMajor == 1 {
		if a := c.answer.Load(); a != nil {
			a.after(f)
			return
		}
	}
	f()
}
