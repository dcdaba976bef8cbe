package downloadview

import (
	"context"
	"io"
	"net/http"
	"time"
)

// A pacedWriter limits the rate of a body. It has no ReadFrom, so that no byte
// bypasses Write; a [pacedReaderFrom] has one.
type pacedWriter struct {
	http.ResponseWriter
	ctx   context.Context
	rate  int64 // bytes a second; 0: no limit of its own
	next  time.Time
	pacer Pacer // nil: none
	tail  *tail // nil: it isn't parked
}

// pace makes the body keep to the rates of the download.
func (x *exchange) pace() {
	if x.limit <= 0 && x.resp.Pacer == nil {
		return
	}
	p := &pacedWriter{ResponseWriter: x.w, ctx: x.r.Context(), rate: max(x.limit, 0), pacer: x.resp.Pacer}
	if below, ok := x.w.(io.ReaderFrom); ok {
		x.w = &pacedReaderFrom{p, below}
		return
	}
	x.w = p
}

func (w *pacedWriter) Unwrap() http.ResponseWriter { return w.ResponseWriter }

// Write sends p in pieces. It doesn't wait if the client is slower than the rate.
func (w *pacedWriter) Write(p []byte) (sent int, err error) {
	for len(p) > 0 {
		piece, err := w.wait(int64(len(p)))
		if err != nil {
			return sent, err
		}
		n, err := w.ResponseWriter.Write(p[:piece])
		n, err = written(n, int(piece), err)
		w.took(int64(n))
		sent += n
		if err != nil {
			return sent, err
		}
		p = p[n:]
	}
	return sent, nil
}

const (
	// shortestWait is how far a writer may be ahead of its rate. Timers are too
	// coarse for shorter waits, and every small write would need one.
	shortestWait = 10 * time.Millisecond
	// longestCredit is how much lost time a writer may make up for, after late
	// timers and a slow client.
	longestCredit = time.Second / 8
)

// wait returns when the next piece is due, and its size: what the rate sends in about an
// eighth of a second, what the pacer sends at once, and not more than left.
func (w *pacedWriter) wait(left int64) (piece int64, err error) {
	piece = left
	if w.rate > 0 {
		piece = min(piece, max(w.rate/8, 1))
		if err := w.waitAlone(); err != nil {
			return 0, &paceError{err}
		}
	}
	if w.pacer != nil {
		piece = min(piece, int64(max(w.pacer.Burst(), 1)))
		if err := w.pacer.WaitN(w.ctx, int(piece)); err != nil {
			return 0, &paceError{err}
		}
	}
	return piece, nil
}

// took records that n bytes were sent.
func (w *pacedWriter) took(n int64) {
	if w.rate > 0 {
		w.next = w.next.Add(time.Duration(n) * time.Second / time.Duration(w.rate))
	}
}

// waitAlone returns when the next piece is due at the download's own rate.
func (w *pacedWriter) waitAlone() error {
	now := time.Now()
	if w.next.IsZero() {
		w.next = now
	}
	ahead := w.next.Sub(now)
	if ahead < -longestCredit {
		w.next = now.Add(-longestCredit)
	}
	if ahead < shortestWait {
		return nil
	}
	timer := time.NewTimer(ahead)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-w.ctx.Done():
		return w.ctx.Err()
	}
}

// A paceError is the error of waiting for the next piece.
type paceError struct{ err error }

func (e *paceError) Error() string { return "waiting for the rate: " + e.err.Error() }
func (e *paceError) Unwrap() error { return e.err }

// A pacedReaderFrom is a pacedWriter over a writer that has ReadFrom.
type pacedReaderFrom struct {
	*pacedWriter
	below io.ReaderFrom
}

// ReadFrom lets the writer below copy each piece of a file, so that a slow download
// needs no buffer.
func (w *pacedReaderFrom) ReadFrom(r io.Reader) (sent int64, err error) {
	part := kernelPart(r)
	if part == nil {
		return io.Copy(struct{ io.Writer }{w.pacedWriter}, r)
	}
	for part.N > 0 {
		piece, err := w.wait(part.N)
		if err != nil {
			return sent, err
		}
		n, err := readPart(w.below, &io.LimitedReader{R: part.R, N: piece})
		w.took(n)
		sent += n
		part.N -= n
		if err != nil || n == 0 {
			return sent, err
		}
		if w.tail != nil && part.N > 0 && w.tail.isSlow() {
			return sent, errTail
		}
	}
	return sent, nil
}

var _ io.ReaderFrom = (*pacedReaderFrom)(nil)
