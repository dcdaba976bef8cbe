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

// AbortedBy says which side ended a download before it was complete.
type AbortedBy int

const (
	NotAborted        AbortedBy = iota // the answer is complete
	AbortedByClient                    // the client closed the connection, or it broke
	AbortedByOrigin                    // reading the file failed, or it was shorter than its size
	AbortedByServer                    // a limit of the server: a deadline, a timeout, a failing writer
	AbortedByStall                     // the client read nothing for too long, or too slowly; see [EndStalled] and [EndSlow]
	AbortedByShutdown                  // the server is stopping; see [ErrShutdown]
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

// ErrShutdown is the cause with which a program cancels its requests' context when
// it stops. To use it, make [net/http.Server.BaseContext] return a context of
// [context.WithCancelCause], and call its cancel function with ErrShutdown shortly
// before closing the remaining connections. Downloads that notice are broken
// off so that their clients see it. Downloads that wait for a slow client don't
// notice; with [EndStalled], their clients, too, see an error when the connection
// is closed. Downloads that are cut short in this way are reported as
// [AbortedByShutdown].
var ErrShutdown = errors.New("the server is stopping")

// ended returns the side that ended the request's context, or [NotAborted] if the
// context has not ended.
//
// net/http cancels the context when the connection ends, but middleware may cancel
// it, too. A deadline or a cause shows which it was; else CloseNotify of the
// server's own writer does.
func (x *exchange) ended() AbortedBy {
	ctx := x.r.Context()
	if ctx.Err() == nil {
		return NotAborted
	}
	cause := context.Cause(ctx)
	switch {
	case errors.Is(cause, ErrShutdown):
		return AbortedByShutdown
	case cause != context.Canceled, x.moving.isOver(): // a write deadline ends a stream of HTTP/2
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

// endedBefore is ended, for a cut. The error of a write to a stream doesn't say that the
// client has left. HTTP/3 ends the context a moment later, and middleware may have replaced
// the context by one that doesn't end.
func (x *exchange) endedBefore(cut *cutOff) AbortedBy {
	party := x.ended()
	if party != NotAborted || x.r.ProtoMajor < 2 || cut.by != AbortedByClient || errors.Is(cut.err, os.ErrDeadlineExceeded) {
		return party
	}
	select {
	case <-x.r.Context().Done():
		return x.ended()
	case <-connectionEnd(x.w):
		return AbortedByClient
	case <-time.After(closeNotice):
		return NotAborted
	}
}

// closeNotice is how long the server may take to send on CloseNotify's channel
// after it has cancelled the request's context.
const closeNotice = 100 * time.Millisecond

// connectionEnd returns the channel that gets a value when the connection ends,
// from the first writer at or below w that has CloseNotify; nil if none has.
func connectionEnd(w http.ResponseWriter) <-chan bool {
	for ; w != nil; w = below(w) {
		if n, ok := w.(closeNotifier); ok {
			if closed := closeNotify(n); closed != nil {
				return closed
			}
		}
	}
	return nil
}

// party returns the side that cut an answer short, if ended ended the request's context.
func (e *cutOff) party(ended AbortedBy) AbortedBy {
	switch {
	case ended == AbortedByShutdown, e.by == AbortedByOrigin && ended != NotAborted:
		return ended
	case e.by == AbortedByOrigin:
		return AbortedByOrigin
	case isConnectionError(e.err):
		return AbortedByClient
	case errors.Is(e.err, errStalled):
		return AbortedByStall
	case errors.Is(e.err, os.ErrDeadlineExceeded), errors.Is(e.err, net.ErrClosed), ended == NotAborted:
		return AbortedByServer
	}
	return ended
}

// isConnectionError reports whether err means that the other side has closed the
// connection. Not every error of a write does: sendfile(2) may also fail because
// of the file.
func isConnectionError(err error) bool {
	return errors.Is(err, syscall.EPIPE) || errors.Is(err, syscall.ECONNRESET) ||
		errors.Is(err, syscall.ECONNABORTED) || errors.Is(err, syscall.ETIMEDOUT) ||
		errors.Is(err, io.ErrClosedPipe) // of net.Pipe
}
