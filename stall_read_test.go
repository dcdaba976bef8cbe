package downloadview

import (
	"bufio"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

// deadlineConn counts the calls of SetReadDeadline.
type deadlineConn struct {
	net.Conn
	calls atomic.Int32
}

func (c *deadlineConn) SetReadDeadline(t time.Time) error {
	c.calls.Add(1)
	return c.Conn.SetReadDeadline(t)
}

// A deadline holds for the read that begins after it, for the one that is going on, and
// for reads that don't come through the connection. None holds any more once it is lifted.
func TestStalledConnKeepsTheReadDeadline(t *testing.T) {
	for _, tt := range []struct {
		name string
		do   func(c *stallConn) error // sets a deadline of three seconds, and reads
		want time.Duration
	}{
		{"before the read", func(c *stallConn) error {
			c.SetReadDeadline(time.Now().Add(3 * time.Second))
			_, err := c.Read(make([]byte, 1))
			return err
		}, 3 * time.Second},
		{"for both directions", func(c *stallConn) error {
			c.SetDeadline(time.Now().Add(3 * time.Second))
			_, err := c.Read(make([]byte, 1))
			return err
		}, 3 * time.Second},
		{"during the read", func(c *stallConn) error {
			go func() {
				time.Sleep(2 * time.Second)
				c.SetReadDeadline(time.Now().Add(time.Second))
			}()
			_, err := c.Read(make([]byte, 1))
			return err
		}, 3 * time.Second},
		{"below", func(c *stallConn) error {
			c.SetReadDeadline(time.Now().Add(3 * time.Second))
			_, err := c.NetConn().Read(make([]byte, 1))
			return err
		}, 3 * time.Second},
		{"below, later", func(c *stallConn) error {
			below := c.NetConn()
			c.SetReadDeadline(time.Now().Add(3 * time.Second))
			_, err := below.Read(make([]byte, 1))
			return err
		}, 3 * time.Second},
		{"replaced", func(c *stallConn) error {
			c.SetReadDeadline(time.Now().Add(time.Second))
			c.Read(make([]byte, 1))
			c.SetReadDeadline(time.Time{})
			c.SetReadDeadline(time.Now().Add(2 * time.Second))
			_, err := c.Read(make([]byte, 1))
			return err
		}, 3 * time.Second},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				ours, theirs := net.Pipe()
				defer ours.Close()
				defer theirs.Close()
				from := time.Now()
				err := tt.do(&stallConn{Conn: theirs, limit: time.Hour})
				if took := time.Since(from); took != tt.want || !errors.Is(err, os.ErrDeadlineExceeded) {
					t.Errorf("after %v: %v, want the deadline after %v", took, err, tt.want)
				}
			})
		})
	}
	t.Run("lifted", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			ours, theirs := net.Pipe()
			defer ours.Close()
			defer theirs.Close()
			c := &stallConn{Conn: theirs, limit: time.Hour}
			c.SetReadDeadline(time.Now().Add(time.Second))
			c.Read(make([]byte, 1))
			c.SetReadDeadline(time.Time{})
			go func() {
				time.Sleep(time.Minute)
				ours.Write([]byte("x"))
			}()
			if n, err := c.Read(make([]byte, 1)); n != 1 || err != nil {
				t.Errorf("%d bytes, %v; want one", n, err)
			}
		})
	})
}

// net/http sets six deadlines for a request. Those that no read needs don't reach the
// connection.
func TestReadDeadlinesOfARequest(t *testing.T) {
	ours, theirs := net.Pipe()
	below := &deadlineConn{Conn: theirs}
	l := &oneConnListener{conn: &stallConn{Conn: below, limit: time.Hour}, closed: make(chan struct{})}
	s := &http.Server{
		Handler:           http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}),
		ReadHeaderTimeout: time.Hour, IdleTimeout: time.Hour,
	}
	go s.Serve(l)
	defer s.Close()
	answers := bufio.NewReader(ours)
	const requests = 10
	for range requests {
		fmt.Fprint(ours, "GET / HTTP/1.1\r\nHost: x\r\n\r\n")
		resp, err := http.ReadResponse(answers, nil)
		if err != nil || resp.StatusCode != http.StatusOK {
			t.Fatal(resp, err)
		}
	}
	if n := below.calls.Load(); n > 3*requests+1 {
		t.Errorf("%d deadlines for %d requests, want 3 for each", n, requests)
	}
}

// A deadline of long ago, by which net/http ends its read for the next request, ends one
// that begins after it without a call, and takes no byte from it.
func TestReadDeadlineOfLongAgo(t *testing.T) {
	ours, theirs := net.Pipe()
	defer ours.Close()
	defer theirs.Close()
	below := &deadlineConn{Conn: theirs}
	c := &stallConn{Conn: below, limit: time.Hour}
	go ours.Write([]byte("x"))
	c.SetReadDeadline(time.Unix(1, 0))
	if n, err := c.Read(make([]byte, 1)); n != 0 || !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("%d bytes, %v; want none, and the deadline", n, err)
	}
	c.SetReadDeadline(time.Time{})
	if n, err := c.Read(make([]byte, 1)); n != 1 || err != nil {
		t.Errorf("%d bytes, %v; want one", n, err)
	}
	if n := below.calls.Load(); n > 0 {
		t.Errorf("%d deadlines reached the connection, want none", n)
	}
}

// A oneConnListener accepts one connection.
type oneConnListener struct {
	conn   net.Conn
	closed chan struct{}
}

func (l *oneConnListener) Accept() (net.Conn, error) {
	if c := l.conn; c != nil {
		l.conn = nil
		return c, nil
	}
	<-l.closed
	return nil, net.ErrClosed
}

func (l *oneConnListener) Close() error   { close(l.closed); return nil }
func (l *oneConnListener) Addr() net.Addr { return &net.UnixAddr{Net: "unix"} }
