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

// failure says in the words of io/fs and downloadview what went wrong. Of the
// cause only the text and the types are kept.
func (s *Storage) failure(ctx context.Context, op, key string, err error) error {
	return &fs.PathError{Op: op, Path: key, Err: s.classified(ctx, err)}
}

func (s *Storage) classified(ctx context.Context, err error) error {
	if ended := bucket.Ended(ctx, err); ended != nil {
		return ended
	}
	// Drivers take what anybody says for what the bucket says: a host name that
	// is not found for an object that is not, for one.
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
	if s.onDisk { // its errors have no code but for a missing file
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

// An answer is what a store said of its failure.
type answer struct {
	status int    // 0: it isn't known
	code   string // of S3, such as NoSuchKey
}

// answerIn returns the answer in err, which the errors of AWS tell by methods. Those
// of other clouds would take their SDKs.
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

// unsupported is the failure of what a store refuses in one way and may do in
// another.
func (s *Storage) unsupported(ctx context.Context, op, key, what string, err error) error {
	return &fs.PathError{Op: op, Path: key, Err: fmt.Errorf("%w: %s %w", s.classified(ctx, err), what, errors.ErrUnsupported)}
}

// leavesOpen reports whether a look that failed leaves open what reading gets.
func leavesOpen(ctx context.Context, err error) bool {
	return ctx.Err() == nil && !bucket.IsUnanswered(err) && !ofAnotherService(err) && bucket.LeavesOpen(answerIn(err).status)
}

// ofAnotherService reports whether err is that of a service which was asked on
// the way to the bucket, as STS is for credentials. The errors of the AWS SDK
// name the service; those of operations lie around those of the operations that
// these needed.
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
