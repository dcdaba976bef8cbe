package downloadview

import (
	"net"
	"net/http"
	"runtime"
	"time"
)

// abort ends a download whose header is out so that nobody takes it for whole,
// and panics with [http.ErrAbortHandler].
//
// The panic alone is not enough: middleware that recovers it lets net/http end
// the body in good order, or fills it up with an error text. So the connection
// is broken first: HTTP/1 by taking it over and resetting it, HTTP/2 by a write
// deadline in the past, which resets the stream.
func abort(w http.ResponseWriter, r *http.Request) {
	broken := r.ProtoMajor < 2 && reset(w)
	if !broken {
		// Where the connection can't be taken over, a deadline at least keeps
		// the end of the body from being written.
		broken = http.NewResponseController(w).SetWriteDeadline(time.Unix(1, 0)) == nil
	}
	if !broken && r.Context().Value(http.ServerContextKey) != nil {
		// A writer without Unwrap (gin-contrib/gzip) keeps the connection out of
		// reach. Nobody recovers the end of a goroutine, and a server whose
		// handler ends so breaks the answer off.
		runtime.Goexit()
	}
	panic(http.ErrAbortHandler)
}

// reset takes the connection away from the server and resets it. It asks every
// writer on the way inwards, since some that have Hijack refuse once a body has
// begun (gin), while the one they wrap does not.
func reset(w http.ResponseWriter) bool {
	for {
		if h, ok := w.(http.Hijacker); ok {
			if conn, _, err := h.Hijack(); err == nil {
				closeHard(conn)
				return true
			}
		}
		u, ok := w.(interface{ Unwrap() http.ResponseWriter })
		if !ok {
			return false
		}
		w = u.Unwrap()
	}
}

// closeHard closes conn without the good-bye that would look like an end: below
// TLS, and with a reset instead of a FIN.
func closeHard(conn net.Conn) {
	if t, ok := conn.(interface{ NetConn() net.Conn }); ok {
		conn = t.NetConn()
	}
	if t, ok := conn.(interface{ SetLinger(int) error }); ok {
		_ = t.SetLinger(0)
	}
	_ = conn.Close()
}
