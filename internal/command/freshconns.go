package command

import (
	"context"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"time"
)

// freshTime is how long a server that stops waits for requests that are on their way.
const freshTime = time.Second

// freshConns are the connections whose next request is on its way: nothing was asked so
// far, or no handler has begun with what was asked. http.Server.Shutdown would drop these
// requests, without an answer. The zero value is ready to use.
//
// Connections that were used before count only after drain has begun. Until then their
// requests cost nothing here: clients ask again on another connection if a used one is
// closed, which a server may do at any time.
type freshConns struct {
	draining atomic.Bool
	number   atomic.Int32 // of conns

	mu     sync.Mutex
	conns  map[net.Conn]struct{}
	none   chan struct{} // is closed when there are none; nil: nobody waits
	closed bool
}

// track is the ConnState of an http.Server.
func (f *freshConns) track(c net.Conn, state http.ConnState) {
	switch {
	case state == http.StateNew, state == http.StateActive && f.draining.Load():
		f.add(c, state)
	case state != http.StateActive:
		f.remove(c)
	}
}

func (f *freshConns) add(c net.Conn, state http.ConnState) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.closed && state == http.StateNew {
		c.Close()
		return
	}
	if f.conns == nil {
		f.conns = make(map[net.Conn]struct{})
	}
	f.conns[c] = struct{}{}
	f.number.Store(int32(len(f.conns)))
}

// freshKey is the key of the connection in the contexts of its requests.
type freshKey struct{}

// with returns ctx with the connection, for begun.
func (f *freshConns) with(ctx context.Context, c net.Conn) context.Context {
	return context.WithValue(ctx, freshKey{}, c)
}

// begun says that a handler has begun with r.
func (f *freshConns) begun(r *http.Request) {
	if f.number.Load() == 0 {
		return
	}
	if c, ok := r.Context().Value(freshKey{}).(net.Conn); ok {
		f.remove(c)
	}
}

func (f *freshConns) remove(c net.Conn) {
	if f.number.Load() == 0 {
		return
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	delete(f.conns, c)
	f.number.Store(int32(len(f.conns)))
	if len(f.conns) == 0 && f.none != nil {
		close(f.none)
		f.none = nil
	}
}

// drain waits until handlers have begun with the requests that are on their way, for
// freshTime at most, or until ctx is done. It closes the connections that are left, and
// all that are added later.
func (f *freshConns) drain(ctx context.Context) {
	f.draining.Store(true)
	f.mu.Lock()
	none := make(chan struct{})
	if len(f.conns) == 0 {
		close(none)
	} else {
		f.none = none
	}
	f.mu.Unlock()
	await(ctx, none, freshTime)
	f.mu.Lock()
	defer f.mu.Unlock()
	f.closed, f.none = true, nil
	for c := range f.conns {
		c.Close()
	}
	clear(f.conns)
	f.number.Store(0)
}
