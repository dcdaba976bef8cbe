package middleware

import (
	"context"
	"fmt"
	"math"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/time/rate"

	"github.com/downloadview/downloadview"
)

// A RateLimit limits the bytes a second that downloads share: all of them, or those with
// the same key, such as the downloads of a client ([Clients.Key]). [NewRateLimit] makes
// one; several goroutines may use it, and several views may share it.
//
// Downloads that share a rate take turns piece by piece, so each gets the same part of
// it, as far as its client keeps up. To share in two ways, put the View of the limit for
// each client inside of that for all.
//
// A proxy can't share a rate among the downloads that it sends, so downloads with a
// shared rate are streamed, also where a rule would hand them over. A rate for each
// download alone ([downloadview.Response.LimitRate]) is handed over to nginx.
type RateLimit struct {
	key  func(*http.Request) string
	rate atomic.Int64 // bytes a second; 0: no limit

	mu      sync.Mutex
	shares  map[string]*rate.Limiter
	sweepAt int // the number of shares at which full ones are looked for
}

// RateLimitOptions are the options of [NewRateLimit].
type RateLimitOptions struct {
	// Key returns the key of a request. "" is a key like any other. nil means that
	// all requests have the same key.
	Key func(*http.Request) string
}

// NewRateLimit returns a limit of bytesPerSecond for each key; nil options are the zero
// value. 0 is no limit until [RateLimit.Change]. It panics if the rate is negative.
func NewRateLimit(bytesPerSecond int64, o *RateLimitOptions) *RateLimit {
	l := &RateLimit{shares: make(map[string]*rate.Limiter), sweepAt: fewShares}
	if o != nil {
		l.key = o.Key
	}
	l.Change(bytesPerSecond)
	return l
}

// Change sets the rate of a running server; 0 is no limit. It takes effect at the next
// piece of downloads that have begun, except of those that began without a limit. It
// panics if the rate is negative.
func (l *RateLimit) Change(bytesPerSecond int64) {
	if bytesPerSecond < 0 {
		panic(fmt.Sprintf("middleware: RateLimit: %d bytes a second; want no negative number", bytesPerSecond))
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.rate.Swap(bytesPerSecond) == bytesPerSecond {
		return
	}
	clear(l.shares)
}

// View is a [downloadview.Middleware]: downloads of next share the rate.
func (l *RateLimit) View(next downloadview.View) downloadview.View {
	return downloadview.ViewFunc(func(r *http.Request) (downloadview.Response, error) {
		resp, err := next.Respond(r)
		if err != nil || l.rate.Load() == 0 {
			return resp, err
		}
		p := &sharedPace{limit: l, inner: resp.Pacer}
		if l.key != nil {
			p.key = l.key(r)
		}
		resp.Pacer = p
		return resp, nil
	})
}

// share returns the share of a key; nil if there is no limit. A download asks for it at
// each piece, so that a share which is full again can be forgotten: a new one would be
// the same.
func (l *RateLimit) share(key string) *rate.Limiter {
	l.mu.Lock()
	defer l.mu.Unlock()
	n := l.rate.Load()
	if n == 0 {
		return nil
	}
	s := l.shares[key]
	if s == nil {
		l.sweep()
		s = rate.NewLimiter(rate.Limit(n), int(min(savedOf(n), math.MaxInt32)))
		l.shares[key] = s
	}
	return s
}

// fewShares are so few that full ones don't matter.
const fewShares = 64

// sweep removes full shares whenever there are twice as many as after the last time.
func (l *RateLimit) sweep() {
	if len(l.shares) < l.sweepAt {
		return
	}
	now := time.Now()
	for key, s := range l.shares {
		if s.TokensAt(now) >= float64(s.Burst()) {
			delete(l.shares, key)
		}
	}
	l.sweepAt = max(fewShares, 2*len(l.shares))
}

// savedOf returns what a share saves up at n bytes a second: an eighth of a second. It is
// more than a piece at high rates, since a timer is late by a millisecond or so, in which
// such a rate sends several pieces.
func savedOf(n int64) int64 { return max(n/8, 1) }

// burstOf returns the size of the pieces at n bytes a second: not more than is saved up,
// nor than the buffer of a copy.
func burstOf(n int64) int { return int(min(savedOf(n), largestPiece)) }

const largestPiece = 64 << 10

// A sharedPace is the [downloadview.Pacer] of one download.
type sharedPace struct {
	limit *RateLimit
	key   string
	inner downloadview.Pacer // of the view; may be nil
}

// Burst returns the size of a piece.
func (p *sharedPace) Burst() int {
	n := largestPiece
	if bytesPerSecond := p.limit.rate.Load(); bytesPerSecond > 0 {
		n = burstOf(bytesPerSecond)
	}
	if p.inner != nil {
		n = min(n, max(p.inner.Burst(), 1))
	}
	return n
}

// WaitN waits for the view's own Pacer first, so that a slow one takes nothing from
// others in the meantime.
func (p *sharedPace) WaitN(ctx context.Context, n int) error {
	if p.inner != nil {
		if err := p.inner.WaitN(ctx, n); err != nil {
			return err
		}
	}
	s := p.limit.share(p.key)
	if s == nil {
		return ctx.Err()
	}
	for n > 0 { // once, unless the rate was lowered since Burst
		piece := min(n, s.Burst())
		if err := s.WaitN(ctx, piece); err != nil {
			return err
		}
		n -= piece
	}
	return nil
}
