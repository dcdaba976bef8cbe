package downloadview

import (
	"errors"
	"io"
	"net/http"
	"os"
	"time"
)

// A movingWriter moves the deadline of the server's WriteTimeout while the
// client accepts the body. So it ends downloads that make no progress, and not
// those that are slow.
type movingWriter struct {
	http.ResponseWriter
	limit time.Duration
	until time.Time
}

// writeTimeout returns the WriteTimeout of the server that has read r, or 0.
func writeTimeout(r *http.Request) time.Duration {
	if s, ok := r.Context().Value(http.ServerContextKey).(*http.Server); ok {
		return s.WriteTimeout
	}
	return 0
}

// move makes the deadline of the server's WriteTimeout move with the body. It is called
// before the view, whose middleware may ask a store.
func (x *exchange) move(limit time.Duration) {
	if x.r.ProtoMajor > 1 && setWriteDeadline(x.w, time.Time{}) {
		// A deadline would end the stream while nothing is written, too.
		x.watched = &watchedStream{ResponseWriter: x.w, limit: limit, piece: smallPiece, late: os.ErrDeadlineExceeded, since: time.Now()}
		x.w = x.watched
		return
	}
	m := &movingWriter{ResponseWriter: x.w, limit: limit}
	m.renew()
	x.moving, x.w = m, m
	if rf, ok := m.ResponseWriter.(io.ReaderFrom); ok {
		x.w = &movingReaderFrom{m, rf}
	}
}

// isOver reports whether the deadline has passed.
func (w *movingWriter) isOver() bool { return w != nil && !time.Now().Before(w.until) }

// moveOn gives the server the time of its WriteTimeout for what it still has to send of a
// whole answer.
func (x *exchange) moveOn() {
	if x.moving != nil {
		x.moving.renew()
	}
}

func (w *movingWriter) Unwrap() http.ResponseWriter { return w.ResponseWriter }

// endMoved ends the watch in place of the server's own deadline, which counts from now on.
func (x *exchange) endMoved() {
	s := x.watched
	if s == nil {
		return // close did so
	}
	x.watched = nil
	s.end()
	if !s.wrote {
		setWriteDeadline(s.ResponseWriter, time.Now().Add(s.limit))
	}
}

// renew moves the deadline, if an eighth of the time has passed.
func (w *movingWriter) renew() {
	now := time.Now()
	if w.until.Sub(now) > w.limit-w.limit/8 {
		return
	}
	w.until = now.Add(w.limit)
	setWriteDeadline(w.ResponseWriter, w.until)
}

func (w *movingWriter) Write(p []byte) (sent int, err error) {
	for {
		w.renew()
		piece := p[:min(len(p), smallPiece)]
		n, err := w.ResponseWriter.Write(piece)
		n, err = written(n, len(piece), err)
		sent, p = sent+n, p[n:]
		if err != nil || len(p) == 0 {
			return sent, err
		}
	}
}

// FlushError is called by [http.ResponseController].
func (w *movingWriter) FlushError() error {
	w.renew()
	return http.NewResponseController(w.ResponseWriter).Flush()
}

// A movingReaderFrom is a movingWriter over a writer that has ReadFrom.
type movingReaderFrom struct {
	*movingWriter
	below io.ReaderFrom
}

// ReadFrom lets the writer below copy, as long as bytes go out before each
// deadline.
func (w *movingReaderFrom) ReadFrom(r io.Reader) (sent int64, err error) {
	part := kernelPart(r)
	if part == nil {
		return io.Copy(struct{ io.Writer }{w.movingWriter}, r)
	}
	for {
		w.renew()
		n, err := readPart(w.below, part)
		sent += n
		if n == 0 || !errors.Is(err, os.ErrDeadlineExceeded) || errors.Is(err, errStalled) {
			return sent, err
		}
	}
}

var _ io.ReaderFrom = (*movingReaderFrom)(nil)
