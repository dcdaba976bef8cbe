package downloadview

import (
	"context"
	"io"
	"net"
	"net/http"
)

// ConnContext is a ConnContext of a [net/http.Server] whose listener is that of
// [EndStalled] or [EndSlow]. With it, the header of an answer and the beginning of a
// local file leave in the same packet, and the server reads nothing of the file. That
// saves a twentieth or more of the processor time of a download of 64 KiB. All answers
// stay as they are.
//
//	server := &http.Server{Handler: h, ConnContext: downloadview.ConnContext}
//	err = server.Serve(downloadview.EndStalled(l, time.Minute))
//
// [Parking] needs it, too.
//
// It has an effect on Linux, for HTTP/1 over TCP without TLS; for Parking, also over a
// unix socket. For any other connection it returns ctx. A ConnContext of one's own may
// call it.
func ConnContext(ctx context.Context, c net.Conn) context.Context {
	s, ok := c.(*stallConn)
	if !ok || !s.holds() && !s.parks() {
		return ctx
	}
	return context.WithValue(ctx, connKey{}, s)
}

type connKey struct{}

// holdHeader passes the header to the connection, which sends it with the first bytes of
// the file that copyBody sends next, and returns the connection. If it can't, the header
// stays in the server's buffer, and the result is nil.
func (x *exchange) holdHeader() *stallConn {
	if x.isPaced() { // the file may have to wait
		return nil
	}
	if _, ok := x.w.(io.ReaderFrom); !ok {
		return nil
	}
	c, ok := x.r.Context().Value(connKey{}).(*stallConn)
	if !ok || !c.holds() {
		return nil
	}
	c.holdHeader(x.w)
	return c
}

// isPaced reports whether the content keeps to a rate.
func (x *exchange) isPaced() bool { return x.limit > 0 || x.resp.Pacer != nil }

// holdHeader passes the header of w to the socket, which sends it with the next bytes.
func (c *stallConn) holdHeader(w http.ResponseWriter) {
	c.holding.Store(true)
	defer c.holding.Store(false)
	_ = http.NewResponseController(w).Flush() // an error comes again with the body
	c.held = c.total
}

// release sends the header that the socket holds, if no body has followed: the answer may be
// one to HEAD, or a 304, of which middleware around the handler knows.
func (c *stallConn) release() {
	if c != nil && c.total == c.held {
		c.push()
	}
}
