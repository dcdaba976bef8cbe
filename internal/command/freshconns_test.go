package command

import (
	"net"
	"net/http"
	"testing"
	"testing/synctest"
	"time"
)

func TestFreshConns(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var f freshConns
		pipe := func() net.Conn {
			c, peer := net.Pipe()
			t.Cleanup(func() { c.Close(); peer.Close() })
			return c
		}
		isClosed := func(c net.Conn) bool { return c.SetDeadline(time.Time{}) != nil }
		begin := func(c net.Conn) {
			f.begun((&http.Request{}).WithContext(f.with(t.Context(), c)))
		}

		fresh, asking, busy, idle, late := pipe(), pipe(), pipe(), pipe(), pipe()
		for _, c := range []net.Conn{fresh, asking, busy, idle} {
			f.track(c, http.StateNew)
		}
		for _, c := range []net.Conn{asking, busy, idle} {
			f.track(c, http.StateActive)
		}
		begin(busy)
		begin(idle)
		f.track(idle, http.StateIdle)
		start := time.Now()
		go func() {
			time.Sleep(freshTime / 2)
			begin(asking)
		}()
		f.drain(t.Context())
		if took := time.Since(start); took != freshTime {
			t.Errorf("it waits %v, want %v for a client that asks nothing", took, freshTime)
		}
		if !isClosed(fresh) {
			t.Error("a connection on which nothing was asked is open")
		}
		if isClosed(asking) {
			t.Error("a connection whose request was on its way is closed")
		}
		if isClosed(busy) || isClosed(idle) {
			t.Error("a connection with a handler, or after it, is closed")
		}
		f.track(late, http.StateNew)
		if !isClosed(late) {
			t.Error("a connection that came late is open")
		}
	})
}

// The wait ends when the last handler has begun.
func TestFreshConnsAllBegun(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var f freshConns
		c, peer := net.Pipe()
		defer c.Close()
		defer peer.Close()
		start := time.Now()
		f.drain(t.Context())
		f.closed = false
		f.track(c, http.StateNew)
		go func() {
			time.Sleep(time.Millisecond)
			f.track(c, http.StateActive)
			f.begun((&http.Request{}).WithContext(f.with(t.Context(), c)))
		}()
		f.drain(t.Context())
		if took := time.Since(start); took != time.Millisecond {
			t.Errorf("it waits %v, want 1ms", took)
		}
		if c.SetDeadline(time.Time{}) != nil {
			t.Error("the connection is closed")
		}
	})
}

// While the server stops, a connection that was used before counts from its next request
// until the handler has begun with that.
func TestFreshConnsUsed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var f freshConns
		open := func() (net.Conn, *http.Request) {
			c, peer := net.Pipe()
			t.Cleanup(func() { c.Close(); peer.Close() })
			r := (&http.Request{}).WithContext(f.with(t.Context(), c))
			f.track(c, http.StateNew)
			return c, r
		}
		used, request := open()
		f.track(used, http.StateActive)
		f.begun(request)
		f.track(used, http.StateIdle)
		fresh, first := open()
		start := time.Now()
		go func() {
			time.Sleep(time.Millisecond)
			f.track(used, http.StateActive)
			f.track(fresh, http.StateActive)
			f.begun(first)
			time.Sleep(time.Millisecond)
			f.begun(request)
		}()
		f.drain(t.Context())
		if took := time.Since(start); took != 2*time.Millisecond {
			t.Errorf("it waits %v, want 2ms", took)
		}
		if used.SetDeadline(time.Time{}) != nil || fresh.SetDeadline(time.Time{}) != nil {
			t.Error("a connection is closed")
		}
	})
}

// A connection of HTTP/2 is idle before its first request.
func TestFreshConnsIdle(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var f freshConns
		c, peer := net.Pipe()
		defer c.Close()
		defer peer.Close()
		for _, state := range []http.ConnState{http.StateNew, http.StateActive, http.StateIdle} {
			f.track(c, state)
		}
		start := time.Now()
		f.drain(t.Context())
		if took := time.Since(start); took != 0 {
			t.Errorf("it waits %v for a connection that is idle", took)
		}
	})
}
