package downloadview

import (
	"context"
	"net/http"
	"time"
)

// A pacedWriter limits the rate of a body. It has no ReadFrom, so that no byte
// bypasses Write.
type pacedWriter struct {
	http.ResponseWriter
	ctx  context.Context
	rate int64 // bytes a second, at least 1
	next time.Time
}

func (w *pacedWriter) Unwrap() http.ResponseWriter { return w.ResponseWriter }

// Write sends p in pieces of about an eighth of a second each. It doesn't wait if
// the client is slower than the rate.
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

const (
	// shortestWait is how far a writer may be ahead of its rate. Timers are too
	// coarse for shorter waits, and every small write would need one.
	shortestWait = 10 * time.Millisecond
	// longestCredit is how much lost time a writer may make up for, after late
	// timers and a slow client.
	longestCredit = time.Second / 8
)

// wait returns when the next piece is due.
func (w *pacedWriter) wait() error {
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
