package downloadview

import (
	"errors"
	"io"
	"net/http"
	"os"
	"sync"
	"time"
)

// EndStalledBodies returns http middleware that ends a request whose body makes
// no progress for limit: reading the body fails with [os.ErrDeadlineExceeded],
// and the connection is closed after the answer. Only the time without progress
// counts, never the time of the whole body. A handler that doesn't read the
// body isn't kept waiting either: over HTTP/1, net/http reads the rest of a small
// body before it sends the answer, and without a ReadTimeout of the server it would
// wait for that forever.
//
// A request without a body costs nothing. A limit of 0 or less panics. For
// clients that don't read the answer see [EndStalled].
func EndStalledBodies(limit time.Duration) func(http.Handler) http.Handler {
	if limit <= 0 {
		panic("downloadview: EndStalledBodies: limit " + limit.String() + "; want more than 0")
	}
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.ContentLength == 0 || r.Body == nil {
				next.ServeHTTP(w, r)
				return
			}
			if r.ProtoMajor > 1 && setReadDeadline(w, time.Time{}) { // a ReadTimeout is for the whole body
				b := &streamBody{ReadCloser: r.Body, w: w, limit: limit}
				defer b.handled()
				awaited := *r
				awaited.Body = b
				next.ServeHTTP(w, &awaited)
				return
			}
			b := &awaitedBody{ReadCloser: r.Body, w: w, limit: limit, left: r.ContentLength, unread: r.Close || r.Header.Get("Expect") != ""}
			if !b.renew() {
				next.ServeHTTP(w, r)
				return
			}
			awaited := *r
			awaited.Body = b
			next.ServeHTTP(&bodyFirst{ResponseWriter: w, body: b}, &awaited)
			b.handled()
		})
	}
}

// An awaitedBody is a body with a deadline that is moved while it is read.
type awaitedBody struct {
	io.ReadCloser
	w     http.ResponseWriter
	limit time.Duration

	mu    sync.Mutex // a proxy reads the body in another goroutine than that of the answer
	until time.Time
	left  int64 // bytes; less than 0: not known
	// unread says that net/http closes the connection after the answer if the body has
	// not ended: the client wants that, or waits with the body (Expect: 100-continue).
	unread bool
	ended  bool // it sets no deadline any more
}

// renew moves the deadline, and reports whether there is one.
func (b *awaitedBody) renew() bool {
	now := time.Now()
	if b.until.Sub(now) > b.limit-b.limit/8 {
		return true
	}
	b.until = now.Add(b.limit)
	return setReadDeadline(b.w, b.until)
}

func (b *awaitedBody) Read(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.ended {
		return b.ReadCloser.Read(p)
	}
	b.renew()
	n, err := b.ReadCloser.Read(p)
	if b.left > 0 {
		b.left -= int64(n)
	}
	if err == io.EOF {
		b.ended = true
		setReadDeadline(b.w, time.Time{}) // net/http continues to read, to notice when the client has gone
	}
	return n, err
}

// most is how much of a body net/http reads before an answer, to keep the
// connection.
const most = 256 << 10

// finish reads what net/http would read before an answer. If the rest doesn't
// arrive, the connection is closed after the answer.
func (b *awaitedBody) finish(h http.Header) {
	if h.Get("Connection") == "close" || !b.isRead() {
		return
	}
	_, err := io.CopyN(io.Discard, b, most+1)
	if errors.Is(err, os.ErrDeadlineExceeded) {
		h.Set("Connection", "close")
	}
}

// isRead reports whether net/http reads the rest of the body before an answer.
func (b *awaitedBody) isRead() bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return !b.ended && !b.unread && b.left < most
}

// handled moves the deadline for the part of the body that net/http reads after the answer.
func (b *awaitedBody) handled() {
	b.mu.Lock()
	defer b.mu.Unlock()
	if !b.ended {
		b.until = time.Time{}
		b.renew()
		b.ended = true
	}
}

// A bodyFirst writer reads the rest of the request before the answer begins.
type bodyFirst struct {
	http.ResponseWriter
	body  *awaitedBody
	begun bool
}

func (w *bodyFirst) Unwrap() http.ResponseWriter { return w.ResponseWriter }

func (w *bodyFirst) begin() {
	if !w.begun {
		w.begun = true
		w.body.finish(w.Header())
	}
}

func (w *bodyFirst) WriteHeader(status int) {
	if status >= 200 {
		w.begin()
	}
	w.ResponseWriter.WriteHeader(status)
}

func (w *bodyFirst) Write(p []byte) (int, error) {
	w.begin()
	return w.ResponseWriter.Write(p)
}

func (w *bodyFirst) Flush() {
	w.begin()
	_ = http.NewResponseController(w.ResponseWriter).Flush()
}

// EnableFullDuplex is called by [http.ResponseController]: the handler reads the body after
// the answer has begun.
func (w *bodyFirst) EnableFullDuplex() error {
	err := http.NewResponseController(w.ResponseWriter).EnableFullDuplex()
	w.begun = w.begun || err == nil
	return err
}

// ReadFrom lets the writer below copy if it can.
func (w *bodyFirst) ReadFrom(r io.Reader) (int64, error) {
	w.begin()
	if rf, ok := w.ResponseWriter.(io.ReaderFrom); ok {
		return rf.ReadFrom(r)
	}
	return io.Copy(struct{ io.Writer }{w.ResponseWriter}, r)
}

// A streamBody is the body of a stream of HTTP/2, whose reads end after limit. A deadline
// would also pass between two reads. net/http reads nothing before the answer there.
type streamBody struct {
	io.ReadCloser
	w     http.ResponseWriter
	limit time.Duration
	timer *time.Timer // nil until the first read

	mu    sync.Mutex
	begun time.Time // of the read that is going on; zero: none is
	over  bool      // the handler has returned
}

func (b *streamBody) Read(p []byte) (int, error) {
	b.begin(time.Now())
	if b.timer == nil {
		b.timer = time.AfterFunc(b.limit, b.end)
	} else {
		b.timer.Reset(b.limit)
	}
	n, err := b.ReadCloser.Read(p)
	b.timer.Stop()
	b.begin(time.Time{})
	return n, err
}

func (b *streamBody) begin(t time.Time) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.begun = t
}

// handled is called at the end of the handler. The stream may not be used any more, but
// a proxy's transport may still read the body.
func (b *streamBody) handled() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.over = true
}

// end ends a read. It may come late, in the next one.
func (b *streamBody) end() {
	b.mu.Lock()
	defer b.mu.Unlock()
	if !b.over && !b.begun.IsZero() && time.Since(b.begun) >= b.limit {
		setReadDeadline(b.w, time.Unix(1, 0))
	}
}

var (
	_ io.ReaderFrom = (*bodyFirst)(nil)
	_ http.Flusher  = (*bodyFirst)(nil)
)
