package command

import (
	"net"
	"net/http"
	"testing"
	"time"
)

func TestFreshConns(t *testing.T) {
	var f freshConns
	pipe := func() net.Conn {
		c, peer := net.Pipe()
		t.Cleanup(func() { c.Close(); peer.Close() })
		return c
	}
	isClosed := func(c net.Conn) bool { return c.SetDeadline(time.Time{}) != nil }

	fresh, busy, late := pipe(), pipe(), pipe()
	f.track(fresh, http.StateNew)
	f.track(busy, http.StateNew)
	f.track(busy, http.StateActive)
	f.closeAll()
	f.track(late, http.StateNew)
	if !isClosed(fresh) {
		t.Error("a connection on which nothing was asked is open")
	}
	if isClosed(busy) {
		t.Error("a connection with a download is closed")
	}
	if !isClosed(late) {
		t.Error("a connection that came late is open")
	}
}
