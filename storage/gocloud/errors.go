package gocloud

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"syscall"

	"gocloud.dev/gcerrors"

	"github.com/downloadview/downloadview"
)

// failure says in the words of io/fs and downloadview what went wrong, beside
// the cause.
func failure(op, key string, err error) error {
	return &fs.PathError{Op: op, Path: key, Err: classified(err)}
}

func classified(err error) error {
	switch gcerrors.Code(err) {
	case gcerrors.NotFound:
		return as(fs.ErrNotExist, err)
	case gcerrors.PermissionDenied:
		return as(fs.ErrPermission, err)
	case gcerrors.InvalidArgument:
		return as(fs.ErrInvalid, err)
	case gcerrors.Canceled:
		return as(context.Canceled, err)
	case gcerrors.DeadlineExceeded:
		return as(context.DeadlineExceeded, err)
	case gcerrors.ResourceExhausted:
		return &downloadview.StatusError{
			Status: http.StatusServiceUnavailable,
			Err:    as(downloadview.ErrUpstream, err),
		}
	}
	// Errors of local files have no code but for a missing one.
	switch {
	case errors.Is(err, fs.ErrPermission):
		return err
	case errors.Is(err, syscall.ENOTDIR), errors.Is(err, syscall.ENAMETOOLONG):
		return as(fs.ErrNotExist, err)
	}
	return as(downloadview.ErrUpstream, err)
}

// as returns err such that it is target as well.
func as(target, err error) error {
	if errors.Is(err, target) {
		return err
	}
	return fmt.Errorf("%w: %w", target, err)
}
