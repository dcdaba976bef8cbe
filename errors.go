package downloadview

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"os"
)

// ErrUpstream says that the place where a file lives could not be reached or
// answered nonsense. Storages wrap it beside the cause.
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

// StatusCode returns the HTTP status that an error is answered with: that of
// the first error in its tree with a method StatusCode() int, where it is
// between 400 and 599; 404 for [fs.ErrNotExist] and [fs.ErrInvalid]; 403 for
// [fs.ErrPermission]; 504 for a deadline that passed; 502 for [ErrUpstream];
// 503 for [ErrChanged]; and 500 for the rest. StatusCode(nil) is 200.
func StatusCode(err error) int {
	if err == nil {
		return http.StatusOK
	}
	var coded interface {
		error
		StatusCode() int
	}
	if errors.As(err, &coded) {
		if code := coded.StatusCode(); code >= 400 && code <= 599 {
			return code
		}
		return http.StatusInternalServerError
	}
	switch {
	case errors.Is(err, fs.ErrNotExist), errors.Is(err, fs.ErrInvalid):
		return http.StatusNotFound
	case errors.Is(err, fs.ErrPermission):
		return http.StatusForbidden
	case errors.Is(err, context.DeadlineExceeded), errors.Is(err, os.ErrDeadlineExceeded):
		return http.StatusGatewayTimeout
	case errors.Is(err, ErrUpstream):
		return http.StatusBadGateway
	case errors.Is(err, ErrChanged):
		return http.StatusServiceUnavailable
	}
	return http.StatusInternalServerError
}
