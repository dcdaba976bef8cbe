package downloadview

import (
	"context"
	"net/http"
	"time"
)

// A pacedWriter holds a body to a rate. It has no ReadFrom, so nothing passes
// it by.
type pacedWriter struct {
	http.ResponseWriter
	ctx  context.Context
	rate int64 // bytes a second, at least 1
	next time.Time
}

func (w *pacedWriter) Unwrap() http.ResponseWriter { return w.ResponseWriter }

// Write sends p in pieces that each take about an eighth of a second. Who is
// slower than the rate never waits.
func (w *pacedWriter) Write(p []byte) (sent int, err error) {
	piece := int(max(w.rate/8, 1))
	for len(p) > 0 {
		if err := w.wait(); err != nil {
			return sent, err
		}
		n, err := w.ResponseWriter.Write(p[:min(piece, len(p))])
		sent += n
		if err != nil {
			return sent, err
		}
		w.next = w.next.Add(time.Duration(n) * time.Second / time.Duration(w.rate))
		p = p[n:]
	}
	return sent, nil
}

// wait returns when the next piece is due.
func (w *pacedWriter) wait() error {
	now := time.Now()
	if w.next.Before(now) {
		w.next = now
		return nil
	}
	timer := time.NewTimer(w.next.Sub(now))
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-w.ctx.Done():
		return w.ctx.Err()
	}
}
