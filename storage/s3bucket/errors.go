package s3bucket

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net/http"

	"github.com/aws/smithy-go"
	smithyhttp "github.com/aws/smithy-go/transport/http"

	"github.com/downloadview/downloadview"
)

// failure says in the words of io/fs and downloadview what went wrong, beside
// the cause.
func failure(op, key string, err error) error {
	return &fs.PathError{Op: op, Path: key, Err: classified(err)}
}

func classified(err error) error {
	if errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return err
	}
	var code string
	if e, ok := errors.AsType[smithy.APIError](err); ok {
		code = e.ErrorCode()
	}
	status, header := 0, http.Header{}
	if e, ok := errors.AsType[*smithyhttp.ResponseError](err); ok {
		status = e.HTTPStatusCode()
		if e.Response != nil && e.Response.Response != nil {
			header = e.Response.Header
		}
	}
	// An answer to HEAD has no body and so no code of its own: the SDK makes
	// NotFound and Forbidden of the status.
	switch {
	case code == "NoSuchKey", code == "NotFound":
		return fmt.Errorf("%w: %w", fs.ErrNotExist, err)
	case code == "AccessDenied", code == "Forbidden":
		return fmt.Errorf("%w: %w", fs.ErrPermission, err)
	case code == "KeyTooLongError":
		return fmt.Errorf("%w: %w", fs.ErrInvalid, err)
	case status == http.StatusRequestedRangeNotSatisfiable:
		return fmt.Errorf("%w: %w", downloadview.ErrRange, err)
	case status == http.StatusServiceUnavailable, status == http.StatusTooManyRequests, code == "SlowDown":
		return busy(header, err)
	}
	return fmt.Errorf("%w: %w", downloadview.ErrUpstream, err)
}

// busy is a store that asks for patience.
func busy(header http.Header, err error) error {
	e := &downloadview.StatusError{
		Status: http.StatusServiceUnavailable,
		Err:    fmt.Errorf("%w: %w", downloadview.ErrUpstream, err),
	}
	if after := header.Get("Retry-After"); after != "" {
		e.Header = http.Header{"Retry-After": {after}}
	}
	return e
}
