package s3bucket

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net/http"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/smithy-go"
	smithyhttp "github.com/aws/smithy-go/transport/http"

	"github.com/downloadview/downloadview"
	"github.com/downloadview/downloadview/internal/bucket"
)

// failure says in the words of io/fs and downloadview what went wrong. Of the
// cause only the text and the types are kept.
func (s *Storage) failure(ctx context.Context, op, key string, err error) error {
	return &fs.PathError{Op: op, Path: key, Err: s.classified(ctx, err)}
}

func (f *file) failure(ctx context.Context, op string, err error) error {
	return f.storage.failure(ctx, op, f.key, err)
}

func (s *Storage) classified(ctx context.Context, err error) error {
	if ended := bucket.Ended(ctx, err); ended != nil {
		return ended
	}
	a := answerOf(err)
	switch {
	case a.code == "NoSuchBucket":
		return bucket.NoBucket(err)
	case a.ofKey() != nil:
		return bucket.Says(a.ofKey(), err)
	case a.code == "InvalidObjectState":
		return archived(err)
	case a.status == http.StatusPreconditionFailed:
		return bucket.Says(downloadview.ErrChanged, err)
	case a.status == http.StatusRequestedRangeNotSatisfiable:
		return bucket.Says(downloadview.ErrRange, err)
	case a.isBusy(err):
		return bucket.Busy(a.header.Get("Retry-After"), err)
	case a.status == http.StatusGatewayTimeout:
		return bucket.Late(err)
	case a.status == http.StatusMovedPermanently, a.status == http.StatusTemporaryRedirect, a.status == http.StatusBadRequest:
		theirs, ours := a.header.Get("X-Amz-Bucket-Region"), s.client.Options().Region
		if theirs != "" && theirs != ours {
			return fmt.Errorf("the bucket is in the region %q, the client in %q; want the same: %w", theirs, ours, bucket.Lasting(err))
		}
	}
	if a.code == "RequestTimeout" {
		return bucket.Upstream(err)
	}
	return bucket.Answered(statusIn(err), err)
}

// statusIn returns the status that anybody answered with, be it whoever was asked
// for credentials; 0: nobody did.
func statusIn(err error) int {
	if e, ok := errors.AsType[*smithyhttp.ResponseError](err); ok {
		return e.HTTPStatusCode()
	}
	return 0
}

// An answer is what a store said of its failure.
type answer struct {
	status int    // 0: none came
	code   string // of S3, such as NoSuchKey
	header http.Header
}

// answerOf returns the bucket's answer in err. One to HEAD has no body and so no
// code of its own: the SDK makes NotFound and Forbidden of the status.
//
// An answer of another service, such as STS when it is asked for credentials, is
// none, nor is that of S3 when it is asked for those of a directory bucket.
func answerOf(err error) answer {
	var a answer
	if asked, ok := lastAsked(err); ok && (asked.ServiceID != s3.ServiceID || asked.OperationName == "CreateSession") {
		return a
	}
	answered, ok := errors.AsType[s3.ResponseError](err)
	if !ok {
		return a
	}
	if e, ok := errors.AsType[smithy.APIError](answered); ok {
		a.code = e.ErrorCode()
	}
	if e, ok := errors.AsType[*smithyhttp.ResponseError](answered); ok {
		a.status = e.HTTPStatusCode()
		if e.Response != nil && e.Response.Response != nil {
			a.header = e.Response.Header
		}
		if code := a.header.Get("X-Minio-Error-Code"); code != "" { // to HEAD too
			a.code = code
		}
	}
	return a
}

// lastAsked returns the innermost operation in err.
func lastAsked(err error) (last *smithy.OperationError, ok bool) {
	for {
		e, more := errors.AsType[*smithy.OperationError](err)
		if !more {
			return last, ok
		}
		last, ok, err = e, true, e.Err
	}
}

// ofKey returns what the answer says of the key; nil: nothing.
func (a answer) ofKey() error {
	if a.status == http.StatusMethodNotAllowed && a.header.Get("X-Amz-Delete-Marker") == "true" {
		return fs.ErrNotExist
	}
	return bucket.OfKey(a.code)
}

// leavesOpen reports whether an answer to HEAD leaves open what a GET would get,
// since it has no reason, or one that may be that of HEAD alone.
func (a answer) leavesOpen() bool {
	says := a.ofKey()
	switch {
	case !bucket.LeavesOpen(a.status), a.header.Get("X-Amz-Bucket-Region") != "" && a.status == http.StatusBadRequest:
		return false
	case says != nil:
		return says == fs.ErrPermission
	}
	return a.header.Get("X-Minio-Error-Code") == ""
}

func (a answer) isBusy(err error) bool {
	return a.status == http.StatusServiceUnavailable || a.status == http.StatusTooManyRequests ||
		retry.IsErrorThrottles(retry.DefaultThrottles).IsErrorThrottle(err) == aws.TrueTernary
}
