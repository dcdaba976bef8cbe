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
	"github.com/downloadview/downloadview/internal/bucket"
)

// failure classifies err in terms of io/fs and downloadview. Of the cause it
// keeps only the text and the types.
func (s *Storage) failure(ctx context.Context, op, key string, err error) error {
	return &fs.PathError{Op: op, Path: key, Err: s.classified(ctx, err)}
}

func (s *Storage) classified(ctx context.Context, err error) error {
	if ended := bucket.Ended(ctx, err); ended != nil {
		return ended
	}
	// Drivers treat errors from other sources as the bucket's: an unknown host
	// name becomes a missing object, for example.
	if bucket.IsUnanswered(err) {
		return bucket.Upstream(err)
	}
	a := answerIn(err)
	if ofAnotherService(err) {
		return bucket.Answered(a.status, err)
	}
	switch gcerrors.Code(err) {
	case gcerrors.NotFound:
		return bucket.Says(fs.ErrNotExist, err)
	case gcerrors.PermissionDenied:
		return bucket.Says(fs.ErrPermission, err)
	case gcerrors.InvalidArgument:
		return bucket.Says(fs.ErrInvalid, err)
	case gcerrors.DeadlineExceeded:
		return bucket.Late(err)
	case gcerrors.ResourceExhausted:
		return &downloadview.StatusError{
			Status: http.StatusServiceUnavailable,
			Err:    bucket.Says(downloadview.ErrUpstream, err),
		}
	}
	if s.onDisk { // only its error for a missing file has a code
		switch {
		case errors.Is(err, fs.ErrPermission):
			return bucket.Says(fs.ErrPermission, err)
		case errors.Is(err, syscall.ENOTDIR), errors.Is(err, syscall.ENAMETOOLONG):
			return bucket.Says(fs.ErrNotExist, err)
		}
	}
	if says := bucket.OfKey(a.code); says != nil {
		return bucket.Says(says, err)
	}
	return bucket.Answered(a.status, err)
}

// An answer is the store's answer to a request that failed.
type answer struct {
	status int    // 0: unknown
	code   string // of S3, such as NoSuchKey
}

// answerIn returns the answer in err. Errors of the AWS SDK provide it by
// methods; those of other clouds would require importing their SDKs.
func answerIn(err error) (a answer) {
	var answered interface{ HTTPStatusCode() int }
	if errors.As(err, &answered) {
		a.status = answered.HTTPStatusCode()
	}
	var coded interface{ ErrorCode() string }
	if errors.As(err, &coded) {
		a.code = coded.ErrorCode()
	}
	return a
}

// unsupported is the failure of an operation that the store refuses, but may
// offer in another way.
func (s *Storage) unsupported(ctx context.Context, op, key, what string, err error) error {
	return &fs.PathError{Op: op, Path: key, Err: fmt.Errorf("%w: %w for %s", s.classified(ctx, err), errors.ErrUnsupported, what)}
}

// leavesOpen reports whether, after Stat failed with err, reading may still
// succeed.
func leavesOpen(ctx context.Context, err error) bool {
	return ctx.Err() == nil && !bucket.IsUnanswered(err) && !ofAnotherService(err) && bucket.LeavesOpen(answerIn(err).status)
}

// ofAnotherService reports whether err comes from a service that was asked on
// the way to the bucket, such as STS for credentials. The errors of the AWS SDK
// name the service. The error of an operation wraps the errors of the
// operations that it needed.
func ofAnotherService(err error) bool {
	type operation interface {
		error
		Service() string
		Unwrap() error
	}
	first, ok := errors.AsType[operation](err)
	if !ok {
		return false
	}
	for last := first; ; {
		inner, ok := errors.AsType[operation](last.Unwrap())
		if !ok {
			return last.Service() != first.Service()
		}
		last = inner
	}
}
