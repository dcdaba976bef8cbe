package downloadview

import (
	"net"
	"net/http"
	"runtime"
	"strings"
	"time"
)

// abort ends a download whose header is out so that nobody takes it for whole. It
// panics with [http.ErrAbortHandler], or ends the goroutine where nobody would
// recover that or a recoverer would hide it. It returns below
// [http.TimeoutHandler] only.
//
// The panic alone is not enough: middleware that recovers it lets net/http end
// the body in good order, or fills it up with an error text. So the connection
// is broken first: HTTP/1 by taking it over and resetting it, HTTP/2 by a write
// deadline in the past, which resets the stream. docs/design/0005 says what else
// a handler may stand in.
func abort(w http.ResponseWriter, r *http.Request) {
	if len(r.Header["X-Forwarded-For"]) > 0 && len(w.Header()["Content-Length"]) == 0 {
		// lighttpd, which sets that field, sends what it has as the whole if the
		// connection breaks before it has begun to send it, unless it knows a
		// length that this is short of.
		time.Sleep(forwarding)
	}
	broken := r.ProtoMajor < 2 && reset(w)
	if !broken {
		// Where the connection can't be taken over, a deadline at least keeps
		// the end of the body from being written.
		broken = setWriteDeadline(w, time.Unix(1, 0))
	}
	if !broken {
		switch callerOf() {
		case fastCGI:
			breakFastCGI(w)
			_ = r.Body.Close() // what sends it would wait for a reader
			runtime.Goexit()
		case httpServer:
			// A writer keeps the connection out of reach. Nobody recovers the end of
			// a goroutine, and a server whose handler ends so breaks the answer off.
			runtime.Goexit()
		case timeoutHandler:
			spoil(w.Header())
			return
		}
		spoil(w.Header())
	}
	panic(http.ErrAbortHandler)
}

// forwarding is the time that a proxy has to begin to send what it was given.
const forwarding = 250 * time.Millisecond

// spoil makes an answer that is still in a buffer, header and all, one that the
// server breaks off: its body doesn't have the length that it says. The coding
// keeps compressors from taking the length away.
func spoil(h http.Header) {
	h["Content-Length"] = []string{"1099511627776"}
	if len(h["Content-Encoding"]) == 0 {
		h["Content-Encoding"] = []string{"identity"}
	}
}

// A caller is what runs a handler.
type caller int

const (
	// otherCaller is some middleware's goroutine, or a test.
	otherCaller caller = iota
	// httpServer is the goroutine of a connection or stream of net/http.
	httpServer
	// timeoutHandler is a goroutine of [http.TimeoutHandler], which waits for its
	// end or panic. Its answer is in a buffer until then.
	timeoutHandler
	// fastCGI is a goroutine of net/http/fcgi, where a panic ends the process.
	fastCGI
)

// callerOf returns what runs the handler that this goroutine is in. Nothing but
// the names of the functions tells.
func callerOf() caller {
	pcs := make([]uintptr, 512)
	frames := runtime.CallersFrames(pcs[:runtime.Callers(1, pcs)])
	for {
		f, more := frames.Next()
		switch {
		case f.Function == "net/http.(*conn).serve", strings.HasSuffix(f.Function, "erverConn).runHandler"):
			return httpServer
		case strings.HasPrefix(f.Function, "net/http.(*timeoutHandler).ServeHTTP.func"):
			return timeoutHandler
		case f.Function == "net/http/fcgi.(*child).serveRequest":
			return fastCGI
		case !more:
			return otherCaller
		}
	}
}

// reset takes the connection away from the server and resets it. It asks every
// writer on the way inwards, since some that have Hijack refuse once a body has
// begun (gin), while the one they wrap does not.
func reset(w http.ResponseWriter) bool {
	for ; w != nil; w = below(w) {
		if h, ok := w.(http.Hijacker); ok {
			if conn, _, err := h.Hijack(); err == nil {
				closeHard(conn)
				return true
			}
		}
	}
	return false
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
