package middleware

import (
	"cmp"
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"runtime/debug"
	"sync"
	"time"

	"github.com/downloadview/downloadview"
)

// A leaseGate takes the lease of a request that a view answers.
type leaseGate struct {
	links *Links
	claim *claim
	of    *downloadview.Attributes // of the file whose variant is sent; nil: none is
	made  *string                  // the version that the file itself names; nil: it names none
}

// gateFor returns the gate of resp, which is an answer to a request with a claim.
func (l *Links) gateFor(c *claim, resp *downloadview.Response) leaseGate {
	g := leaseGate{links: l, claim: c}
	f, tag := resp.File, resp.ETag
	if v, ok := findIn[*variant](f); ok {
		a := v.of
		a.ETag = cmp.Or(v.tag, a.ETag)
		if !resp.ModTime.IsZero() {
			a.ModTime = resp.ModTime
		}
		g.of = &a
		f, tag = v.original, v.tag
	}
	if made, ok := findIn[versioned](f); ok && tag == "" {
		version := made.ContentVersion()
		g.made = &version
	}
	return g
}

// A versioned file is content that is made, as by package spool. It names its version
// although its entity tag and its time are others each time that it is made.
type versioned interface {
	downloadview.File
	ContentVersion() string
}

// version returns the version that is delivered, which is the same for all variants of a
// file: a client that goes on with a download may accept another coding.
func (g leaseGate) version(d *downloadview.Delivery) string {
	switch {
	case g.made != nil:
		return *g.made
	case g.of != nil:
		return versionOf(*g.of)
	}
	return versionOf(d.Attributes)
}

// Enter takes the lease. While this process sends the file, the lease is renewed.
func (g leaseGate) Enter(r *http.Request, d downloadview.Delivery) (func(downloadview.Outcome), error) {
	l := g.claim.leases
	provisional := 0
	if l.o.Count == OnComplete && d.Mode == downloadview.Streamed {
		provisional = l.o.Provisional
	}
	q, err := g.claim.take(r.Context(), g.version(&d), provisional)
	if err != nil {
		return nil, err
	}
	stop := func() {}
	if d.Mode == downloadview.Streamed {
		stop = l.renewing(q)
	}
	return func(o downloadview.Outcome) {
		stop()
		if l.o.Count == OnComplete && o.Err == nil && o.AbortedBy == downloadview.NotAborted && d.ToEnd {
			g.complete(r, q)
		}
	}, nil
}

// complete has the lease count. The client may be gone already.
func (g leaseGate) complete(r *http.Request, q LeaseRequest) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(r.Context()), g.claim.leases.o.Timeout)
	defer cancel()
	err := g.claim.leases.store.Complete(ctx, q.ID, q.Holder)
	if err != nil && g.links.o.Logger != nil {
		g.links.o.Logger.LogAttrs(ctx, slog.LevelError, "a complete download by a link is not counted",
			slog.String("path", r.URL.Path), slog.String("id", g.claim.id), slog.Any("error", err))
	}
}

// renewing renews a lease until stop is called, which doesn't wait.
func (l *Leases) renewing(q LeaseRequest) (stop func()) {
	ctx, cancel := context.WithCancel(context.Background())
	var mu sync.Mutex
	var timer *time.Timer
	pause := q.TTL / 3 // one renewal in the second half, also if one fails
	mu.Lock()
	defer mu.Unlock()
	timer = time.AfterFunc(pause, func() {
		l.renew(ctx, q) // if it fails, the download goes on, and it is tried again
		mu.Lock()
		defer mu.Unlock()
		if ctx.Err() == nil {
			timer.Reset(pause)
		}
	})
	return func() {
		mu.Lock()
		defer mu.Unlock()
		cancel()
		timer.Stop()
	}
}

// renew asks the store. In the goroutine of a timer, a panic would end the program.
func (l *Leases) renew(ctx context.Context, q LeaseRequest) {
	defer func() {
		if v := recover(); v != nil {
			slog.Error("panic while a lease was renewed", "error", fmt.Sprintf("panic: %v\n%s", v, debug.Stack()))
		}
	}()
	_, _ = l.ask(ctx, q)
}
