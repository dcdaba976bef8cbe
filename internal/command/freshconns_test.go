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
