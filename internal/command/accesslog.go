package command

import (
	"context"
	"log/slog"
	"net/http"
	"sync"
	"time"

	"github.com/downloadview/downloadview"
	"github.com/downloadview/downloadview/ledger"
	"github.com/downloadview/downloadview/middleware"
)

// accessLog writes one line for each request. The line never has the query or the
// referrer, since they may carry secrets, nor the token of a link in the path.
type accessLog struct {
	logger *slog.Logger        // for other messages, and for the lines if lines is nil
	lines  func(accessLine)    // writes a line; nil: logger does
	peers  *middleware.Clients // nil: no proxy is trusted
	seen   *telemetry          // nil: nothing is counted
	book   *ledger.Ledger      // nil: no ledger is kept
}

// options returns the options of handlers whose requests are logged.
func (l *accessLog) options() *downloadview.Options {
	o := &downloadview.Options{Logger: l.logger, Observer: l.observe}
	if l.seen != nil {
		o.Tracer = l.seen
	}
	return o
}

// observe is a [downloadview.Observer].
func (l *accessLog) observe(r *http.Request, o downloadview.Outcome) {
	if l.book != nil {
		l.book.Observe(r, o)
	}
	line := accessLine{
		method:   r.Method,
		path:     withoutToken(r.URL.Path),
		status:   o.Status,
		bytes:    o.Bytes,
		duration: o.Duration,
		mode:     o.Mode.String(),
		rule:     o.Rule,
		remote:   remoteOf(l.peers, r),
		id:       requestID(r.Header),
	}
	if l.seen != nil {
		l.seen.observe(r, o)
		if line.id == "" {
			line.id = l.seen.traceID(r)
		}
	}
	if o.AbortedBy != downloadview.NotAborted {
		line.abortedBy = o.AbortedBy.String()
	}
	if o.Err != nil && (o.Status >= http.StatusBadRequest || line.abortedBy != "") {
		line.reason = reason(r, o.Err)
	}
	if l.lines != nil {
		l.lines(line)
		return
	}
	l.logger.LogAttrs(context.WithoutCancel(r.Context()), slog.LevelInfo, accessMessage, line.attrs()...)
}

// wrap returns a handler that calls serve and logs its answer. It is for answers that
// no Observer sees.
func (l *accessLog) wrap(serve func(w http.ResponseWriter, r *http.Request) downloadview.AbortedBy) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		start := time.Now()
		c := &countedWriter{ResponseWriter: w}
		party := serve(c, r)
		if p := linkedPageOf(r); p != nil && p.refused {
			return
		}
		l.observe(r, downloadview.Outcome{
			Status:    c.status,
			Bytes:     c.bytes,
			Duration:  time.Since(start),
			AbortedBy: party,
			Err:       c.reason,
		})
	})
}

// textLines returns a function that writes lines to b as text.
func textLines(b *lineBuffer) func(accessLine) {
	c := new(clock)
	return func(l accessLine) {
		buf := lineSpace.Get().(*[]byte)
		defer lineSpace.Put(buf)
		*buf = l.appendText((*buf)[:0], c, time.Now())
		b.add(*buf)
	}
}

// jsonLines returns a function that writes lines to b as JSON, with package slog.
func jsonLines(b *lineBuffer) func(accessLine) {
	logger := slog.New(slog.NewJSONHandler(escapedLines{buffered{b}}, nil))
	return func(l accessLine) {
		logger.LogAttrs(context.Background(), slog.LevelInfo, accessMessage, l.attrs()...)
	}
}

var lineSpace = sync.Pool{New: func() any {
	b := make([]byte, 0, 512)
	return &b
}}

// A countedWriter remembers the status and counts the bytes of an answer. Its user
// must call WriteHeader first.
type countedWriter struct {
	http.ResponseWriter
	status int
	bytes  int64
	reason error // the error that led to this answer; nil: none
}

func (w *countedWriter) WriteHeader(status int) {
	w.status = status
	w.ResponseWriter.WriteHeader(status)
}

func (w *countedWriter) Write(p []byte) (int, error) {
	n, err := w.ResponseWriter.Write(p)
	w.bytes += int64(n)
	return n, err
}

// tellReason records err for the log, as the reason of the answer that is written to w.
func tellReason(w http.ResponseWriter, err error) {
	if c, ok := w.(*countedWriter); ok {
		c.reason = err
	}
}
