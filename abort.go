package downloadview

import (
	"net"
	"net/http"
	"runtime"
	"strings"
	"time"
)

// abort breaks off a download whose header has been sent, so that the client
// doesn't take it for complete. It panics with [http.ErrAbortHandler], or ends the
// goroutine where the panic would not be recovered or a recoverer would hide it.
// It returns only below [http.TimeoutHandler].
//
// The panic alone is not enough: if middleware recovers it, net/http ends the
// body normally, or the middleware appends an error text. So the connection
// is broken first: HTTP/1 by taking it over and resetting it, HTTP/2 by a write
// deadline in the past, which resets the stream, HTTP/3 by taking over the stream.
// docs/design/0005 lists the other environments of a handler.
func abort(w http.ResponseWriter, r *http.Request) {
	if len(r.Header["X-Forwarded-For"]) > 0 && len(w.Header()["Content-Length"]) == 0 {
		// lighttpd sets that field. If the connection breaks before lighttpd has
		// begun to send the answer and it knows no Content-Length, it sends the
		// part that it has as a complete answer.
		time.Sleep(forwarding)
	}
	broken := r.ProtoMajor < 2 && reset(w) || r.ProtoMajor > 2 && resetStream(w)
	if !broken {
		// Where the connection can't be taken over, a deadline at least keeps
		// the end of the body from being written.
		broken = setWriteDeadline(w, time.Unix(1, 0))
	}
	if !broken {
		switch callerOf() {
		case fastCGI:
			breakFastCGI(w)
			_ = r.Body.Close() // else the goroutine that fills it waits for a reader
			runtime.Goexit()
		case httpServer:
			// A wrapper hides the connection. A recoverer can't stop Goexit, and the
			// server then closes the connection without completing the answer.
			runtime.Goexit()
		case timeoutHandler:
			spoil(w.Header())
			return
		}
		spoil(w.Header())
	}
	panic(http.ErrAbortHandler)
}

// forwarding is the time that a proxy gets to begin sending what it has received.
const forwarding = 250 * time.Millisecond

// spoil makes the server break off an answer that is still in a buffer together
// with its header: it sets a Content-Length that the body doesn't reach. The
// Content-Encoding keeps compressors from removing the length.
func spoil(h http.Header) {
	h["Content-Length"] = []string{"1099511627776"}
	if len(h["Content-Encoding"]) == 0 {
		h["Content-Encoding"] = []string{"identity"}
	}
}

// A caller is the code that runs a handler.
type caller int

const (
	// otherCaller is some middleware's goroutine, or a test.
	otherCaller caller = iota
	// httpServer is the goroutine of a connection or stream of net/http.
	httpServer
	// timeoutHandler is a goroutine of [http.TimeoutHandler], which keeps the
	// answer in a buffer until the goroutine ends or panics.
	timeoutHandler
	// fastCGI is a goroutine of net/http/fcgi, where a panic ends the process.
	fastCGI
)

// callerOf returns the caller of the handler on this goroutine. The names of the
// functions on the stack are the only sign of it.
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

// reset hijacks the connection and resets it; it reports whether it could. It
// tries w and every writer below it, since some writers (gin's) refuse Hijack
// after the body has begun, while the writer that they wrap does not.
func reset(w http.ResponseWriter) bool {
	for ; w != nil; w = below(w) {
		if h, ok := w.(http.Hijacker); ok {
			if conn, err := hijack(h); err == nil {
				closeHard(conn)
				return true
			}
		}
	}
	return false
}

// closeHard closes conn in a way that doesn't look like a normal end: without TLS's
// close_notify, and with a reset instead of a FIN.
func closeHard(conn net.Conn) {
	if t, ok := conn.(interface{ NetConn() net.Conn }); ok {
		conn = t.NetConn()
	}
	lingerNot(conn)
	_ = conn.Close()
}

// lingerNot makes a close reset the connection of the system, which may be below
// several others: TLS is over the connection of [EndStalled].
func lingerNot(conn net.Conn) {
	for conn != nil {
		if t, ok := conn.(interface{ SetLinger(int) error }); ok {
			_ = t.SetLinger(0)
			return
		}
		t, ok := conn.(interface{ NetConn() net.Conn })
		if !ok {
			return
		}
		conn = t.NetConn()
	}
}
