package downloadview

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"os"
	"syscall"
	"time"
)

// AbortedBy tells which side ended a download before its time.
type AbortedBy int

const (
	NotAborted        AbortedBy = iota // the answer is complete
	AbortedByClient                    // the client closed the connection, or it broke
	AbortedByOrigin                    // the file failed or was shorter than it said
	AbortedByServer                    // a limit of the server itself: a deadline, a timeout, a writer that refused
	AbortedByStall                     // the client took nothing for too long; see [EndStalled]
	AbortedByShutdown                  // the server was told to stop; see [ErrShutdown]
)

// String returns "", "client", "origin", "server", "stall" or "shutdown".
func (p AbortedBy) String() string {
	switch p {
	case AbortedByClient:
		return "client"
	case AbortedByOrigin:
		return "origin"
	case AbortedByServer:
		return "server"
	case AbortedByStall:
		return "stall"
	case AbortedByShutdown:
		return "shutdown"
	}
	return ""
}

// ErrShutdown is the cause that a server gives when it cancels the context of
// its requests because it stops. A server whose
// [net/http.Server.BaseContext] comes from [context.WithCancelCause] calls the
// cancel function with ErrShutdown a moment before it closes the connections that
// are left: downloads that notice break off so that their clients see it. Those
// that wait for a client don't notice, and [EndStalled] has closing them seen,
// too. A download that this cuts short has the [AbortedByShutdown].
var ErrShutdown = errors.New("the server is stopping")

// ended returns the party that ended the request's context; [NotAborted] while the
// context goes on.
//
// net/http cancels the context when the connection ends. So may middleware, and
// the context doesn't say which it was, unless by a deadline or a cause. The
// server's own writer says so.
func (x *exchange) ended() AbortedBy {
	ctx := x.r.Context()
	if ctx.Err() == nil {
		return NotAborted
	}
	cause := context.Cause(ctx)
	switch {
	case errors.Is(cause, ErrShutdown):
		return AbortedByShutdown
	case cause != context.Canceled, x.moving.isOver(): // which ends a stream of HTTP/2
		return AbortedByServer
	}
	if closed := connectionEnd(x.w); closed != nil {
		select {
		case <-closed:
		case <-time.After(closeNotice):
			return AbortedByServer
		}
	}
	return AbortedByClient
}

// closeNotice is how long a server may take to tell that a connection has ended,
// after it has cancelled the request's context for that.
const closeNotice = 100 * time.Millisecond

// connectionEnd returns what gets a value when the connection ends, from the
// writer of the server below all wrappers; nil where that is out of reach.
func connectionEnd(w http.ResponseWriter) <-chan bool {
	for ; w != nil; w = below(w) {
		if n, ok := w.(interface{ CloseNotify() <-chan bool }); ok {
			return n.CloseNotify()
		}
	}
	return nil
}

// partyOf returns the party that cut an answer short.
func (x *exchange) partyOf(cut *cutOff) AbortedBy {
	party := x.ended()
	switch {
	case party == AbortedByShutdown, cut.by == AbortedByOrigin && party != NotAborted:
		return party
	case cut.by == AbortedByOrigin:
		return AbortedByOrigin
	case isConnectionError(cut.err):
		return AbortedByClient
	case errors.Is(cut.err, errStalled):
		return AbortedByStall
	case errors.Is(cut.err, os.ErrDeadlineExceeded), errors.Is(cut.err, net.ErrClosed), party == NotAborted:
		return AbortedByServer
	}
	return party
}

// isConnectionError tells whether err is one of a connection that the other side
// has left. A write by sendfile(2) may also fail with an error of the file.
func isConnectionError(err error) bool {
	return errors.Is(err, syscall.EPIPE) || errors.Is(err, syscall.ECONNRESET) ||
		errors.Is(err, syscall.ECONNABORTED) || errors.Is(err, syscall.ETIMEDOUT) ||
		errors.Is(err, io.ErrClosedPipe) // of net.Pipe
}
