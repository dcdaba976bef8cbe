package downloadview

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/http"
	"os"
)

// ErrUpstream says that the place where a file lives could not be reached or
// answered nonsense. Storages wrap it beside the cause, as [AsCause] returns it.
// Nothing is known of the file then: whatever else the error is, it is not
// answered as a missing or a forbidden file.
var ErrUpstream = errors.New("upstream failed")

// A StatusError is an error that knows its HTTP status. A view or middleware
// returns one to choose the answer: the client sees the status text and the
// header, the log sees Err.
type StatusError struct {
	Status int         // such as [http.StatusForbidden]; 400 to 599
	Err    error       // the cause; nil is fine
	Header http.Header // added to the answer, such as WWW-Authenticate; nil is fine
}

func (e *StatusError) Error() string {
	if e.Err == nil {
		return fmt.Sprintf("%d %s", e.Status, http.StatusText(e.Status))
	}
	return fmt.Sprintf("%d %s: %v", e.Status, http.StatusText(e.Status), e.Err)
}

// Unwrap returns the cause.
func (e *StatusError) Unwrap() error { return e.Err }

// StatusCode returns Status.
func (e *StatusError) StatusCode() int { return e.Status }

// StatusCode returns the HTTP status that an error is answered with. The first
// of these that holds counts:
//   - An error in its tree with a method StatusCode() int: that status if it is
//     between 400 and 599, else 500. Beside [ErrUpstream], rather than around it,
//     such an error is only a cause and does not count.
//   - [ErrUpstream]: 504 if a deadline passed, else 502.
//   - [fs.ErrNotExist] and [fs.ErrInvalid]: 404.
//   - [fs.ErrPermission]: 403.
//   - [context.DeadlineExceeded] and [os.ErrDeadlineExceeded]: 504.
//   - [ErrChanged]: 503.
//   - Any other error: 500.
//
// What a connection fails with ([net.OpError]) is not looked at for a missing or
// forbidden file: it is about a socket, such as that of a database. StatusCode(nil)
// is 200.
func StatusCode(err error) int {
	if err == nil {
		return http.StatusOK
	}
	upstream := errors.Is(err, ErrUpstream)
	var coded interface {
		error
		StatusCode() int
	}
	if errors.As(err, &coded) && (!upstream || errors.Is(coded, ErrUpstream)) {
		if code := coded.StatusCode(); code >= 400 && code <= 599 {
			return code
		}
		return http.StatusInternalServerError
	}
	late := errors.Is(err, context.DeadlineExceeded) || errors.Is(err, os.ErrDeadlineExceeded)
	switch {
	case upstream && !late:
		return http.StatusBadGateway
	case upstream:
		return http.StatusGatewayTimeout
	case saysMissing(err):
		return http.StatusNotFound
	case says(err, fs.ErrPermission):
		return http.StatusForbidden
	case late:
		return http.StatusGatewayTimeout
	case errors.Is(err, ErrChanged):
		return http.StatusServiceUnavailable
	}
	return http.StatusInternalServerError
}

// saysMissing reports whether err says of the file itself that there is none.
func saysMissing(err error) bool {
	return !errors.Is(err, ErrUpstream) && (says(err, fs.ErrNotExist) || says(err, fs.ErrInvalid))
}

// says reports whether err is meant, and not only because a connection failed
// with it.
func says(err, meant error) bool {
	if !errors.Is(err, meant) {
		return false
	}
	e, ok := errors.AsType[*net.OpError](err)
	return !ok || !errors.Is(e, meant)
}
