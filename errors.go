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

// ErrUpstream says that the place where a file lives can't be reached or
// answers nonsense. Storages wrap it beside the cause, as [AsCause] returns it.
// Nothing is known about the file then, so the answer is never that the file is
// missing or forbidden, whatever else the error wraps.
var ErrUpstream = errors.New("upstream failed")

// ErrRefused, beside [ErrUpstream], says that a store refuses the request and
// will refuse it again: wrong or expired credentials, a wrong region, a wrong
// setting. Package storage/resume doesn't try again then.
var ErrRefused = errors.New("the store refuses the request")

// A StatusError is an error with an HTTP status. A view or middleware returns
// one to choose the answer: the client gets the status text and the header, the
// log gets Err.
//
// To send the client to another page, such as a login, use Status 302 or 303
// and a Location in Header. Caches never store these answers.
type StatusError struct {
	// Status is 400 to 599, such as [http.StatusForbidden]. It may be 301, 302,
	// 303, 307 or 308 if Header has one Location that is not empty and has no
	// control characters. Any other status is answered with 500.
	Status int

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

// redirects reports whether e sends the client to another page.
func (e *StatusError) redirects() bool {
	switch e.Status {
	case http.StatusMovedPermanently, http.StatusFound, http.StatusSeeOther, http.StatusTemporaryRedirect, http.StatusPermanentRedirect:
	default:
		return false
	}
	var all []string
	for key, values := range e.Header {
		if http.CanonicalHeaderKey(key) == "Location" {
			all = append(all, values...)
		}
	}
	return len(all) == 1 && all[0] != "" && !hasControl(all[0])
}

// misused adds to a StatusError that can't be the answer what would be right.
func (e *StatusError) misused(err error) error {
	if e.Status >= 400 && e.Status <= 599 || e.redirects() {
		return err
	}
	return fmt.Errorf("%w (the StatusError has the status %d; want 400 to 599, or 301, 302, 303, 307 or 308 with one Location)", err, e.Status)
}

// StatusCode returns the HTTP status that an error is answered with. The first
// of these that holds counts:
//   - An error in its tree with a method StatusCode() int: that status if it is
//     between 400 and 599, or that of a [StatusError] with a Location, else 500. Beside [ErrUpstream], rather than around it,
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
		code := coded.StatusCode()
		e, own := coded.(*StatusError)
		if code >= 400 && code <= 599 || own && e.redirects() {
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
