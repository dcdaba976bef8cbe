package downloadview

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/http"
	"os"
	"syscall"
)

// ErrUpstream means that the store of a file could not be reached or sent an
// invalid answer. Storages wrap it together with the cause, as [AsCause] returns
// it. The error then says nothing about the file itself: even if it also wraps
// [fs.ErrNotExist] or [fs.ErrPermission], the answer is not 404 or 403.
var ErrUpstream = errors.New("upstream failed")

// ErrRefused means that the store refuses the request and would refuse it again:
// the credentials are wrong or expired, the region is wrong, or a setting forbids
// it. It is wrapped together with [ErrUpstream]. Package storage/resume doesn't
// retry.
var ErrRefused = errors.New("the store refuses the request")

// A StatusError is an error with an HTTP status. A view or middleware returns one
// to choose the answer: the client gets the text of Status and the fields of
// Header; Err goes only to the log.
//
// To send the client to another page, such as a login, a view returns Status 302
// or 303 with a Location in Header. Unless [Options.Error] writes the answer, it
// has Cache-Control: no-store.
type StatusError struct {
	// Status is 400 to 599, such as [http.StatusForbidden]; or 301, 302, 303,
	// 307 or 308 if Header has exactly one Location, which is not empty and has
	// no control characters. With any other status, the answer is 500.
	Status int

	Err    error       // the cause; may be nil
	Header http.Header // added to the answer, such as WWW-Authenticate; may be nil
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

// misused adds to err which statuses are allowed, if that of e is not.
func (e *StatusError) misused(err error) error {
	if e.Status >= 400 && e.Status <= 599 || e.redirects() {
		return err
	}
	return fmt.Errorf("%w (the StatusError has the status %d; want 400 to 599, or 301, 302, 303, 307 or 308 with one Location)", err, e.Status)
}

// StatusCode returns the HTTP status of the answer to an error. The first rule that
// applies decides:
//   - An error in err's tree has a method StatusCode() int: its result if that is
//     between 400 and 599, or is a redirect of a [StatusError] with a Location;
//     else 500. If err wraps [ErrUpstream], only an error that itself wraps
//     ErrUpstream counts here; others are only causes.
//   - [ErrUpstream]: 504 if a deadline passed, else 502.
//   - [fs.ErrNotExist] and [fs.ErrInvalid]: 404.
//   - [fs.ErrPermission]: 403.
//   - [context.DeadlineExceeded] and [os.ErrDeadlineExceeded]: 504.
//   - [ErrChanged]: 503.
//   - [syscall.EMFILE] and [syscall.ENFILE], no file descriptor is left: 503, and the
//     answer has a Retry-After.
//   - Any other error: 500.
//
// An [fs.ErrNotExist], [fs.ErrInvalid] or [fs.ErrPermission] inside a [net.OpError]
// doesn't count: it is about a socket, such as a database's, not about the file.
// StatusCode(nil) is 200.
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
	case errors.Is(err, ErrChanged), lacksDescriptors(err):
		return http.StatusServiceUnavailable
	}
	return http.StatusInternalServerError
}

// lacksDescriptors reports whether err means that the process, or the system, has too many
// open files for now. It says nothing about the file.
func lacksDescriptors(err error) bool {
	return errors.Is(err, syscall.EMFILE) || errors.Is(err, syscall.ENFILE)
}

// saysMissing reports whether err means that the file itself doesn't exist.
func saysMissing(err error) bool {
	return !errors.Is(err, ErrUpstream) && (says(err, fs.ErrNotExist) || says(err, fs.ErrInvalid))
}

// says reports whether err wraps meant, other than as the error of a connection.
func says(err, meant error) bool {
	if !errors.Is(err, meant) {
		return false
	}
	e, ok := errors.AsType[*net.OpError](err)
	return !ok || !errors.Is(e, meant)
}
