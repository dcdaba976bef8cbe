package gcsbucket

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/http"
	"os"

	"cloud.google.com/go/storage"
	"google.golang.org/api/googleapi"

	"github.com/downloadview/downloadview"
)

var errForeign = fmt.Errorf("the tag has no generation: %w", downloadview.ErrChanged)

// failure is that of the package, for a file that may be pinned: what is missing
// then was replaced, or deleted, which is no different.
func (f *file) failure(op string, err error) error {
	if f.generation > 0 && errors.Is(err, storage.ErrObjectNotExist) {
		err = fmt.Errorf("generation %d: %w: %w", f.generation, downloadview.ErrChanged, err)
	}
	return failure(op, f.key, err)
}

// failure says in the words of io/fs and downloadview what went wrong, beside
// the cause.
func failure(op, key string, err error) error {
	return &fs.PathError{Op: op, Path: key, Err: classified(err)}
}

func classified(err error) error {
	switch {
	case errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded), errors.Is(err, downloadview.ErrChanged):
		return err
	case errors.Is(err, storage.ErrObjectNotExist), errors.Is(err, storage.ErrBucketNotExist):
		return fmt.Errorf("%w: %w", fs.ErrNotExist, err)
	}
	a, ok := errors.AsType[*googleapi.Error](err)
	if !ok {
		a = &googleapi.Error{}
	}
	switch a.Code {
	case http.StatusTooManyRequests, http.StatusServiceUnavailable:
		return busy(a.Header, err)
	case http.StatusForbidden:
		if isThrottled(a) {
			return busy(a.Header, err)
		}
		return fmt.Errorf("%w: %w", fs.ErrPermission, err)
	case http.StatusNotFound:
		return fmt.Errorf("%w: %w", fs.ErrNotExist, err)
	case http.StatusPreconditionFailed:
		return fmt.Errorf("%w: %w", downloadview.ErrChanged, err)
	case http.StatusRequestedRangeNotSatisfiable:
		return fmt.Errorf("%w: %w", downloadview.ErrRange, err)
	}
	err = fmt.Errorf("%w: %w", downloadview.ErrUpstream, err)
	e, isNet := errors.AsType[net.Error](err)
	if isNet && e.Timeout() || a.Code == http.StatusGatewayTimeout || a.Code == http.StatusRequestTimeout {
		return fmt.Errorf("%w: %w", os.ErrDeadlineExceeded, err)
	}
	return err
}

// isThrottled tells whether what is forbidden is to ask so often.
func isThrottled(a *googleapi.Error) bool {
	for _, e := range a.Errors {
		if e.Reason == "rateLimitExceeded" || e.Reason == "userRateLimitExceeded" {
			return true
		}
	}
	return false
}

// afterBusy is how many seconds a client should wait, where the store doesn't
// say.
const afterBusy = "3"

// busy is a store that asks for patience.
func busy(header http.Header, cause error) error {
	return &downloadview.StatusError{
		Status: http.StatusServiceUnavailable,
		Err:    fmt.Errorf("%w: %w", downloadview.ErrUpstream, cause),
		Header: http.Header{"Retry-After": {cmp.Or(header.Get("Retry-After"), afterBusy)}},
	}
}
