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

// failure classifies err in terms of io/fs and downloadview. Of the cause it
// keeps only the text and the types.
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

// statusIn returns the status of the answer in err, even if it came from a
// service that was asked for credentials; 0 if there was no answer.
func statusIn(err error) int {
	if e, ok := errors.AsType[*smithyhttp.ResponseError](err); ok {
		return e.HTTPStatusCode()
	}
	return 0
}

// An answer is the store's answer to a request that failed.
type answer struct {
	status int    // 0: no answer
	code   string // of S3, such as NoSuchKey
	header http.Header
}

// answerOf returns the bucket's answer in err. An answer to HEAD has no body
// and thus no error code: the SDK derives NotFound and Forbidden from the
// status.
//
// An answer of another service, such as STS when it was asked for credentials,
// doesn't count. Neither does an answer of S3 to a request for the credentials
// of a directory bucket.
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
		if code := a.header.Get("X-Minio-Error-Code"); code != "" { // also in answers to HEAD
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

// ofKey returns the meaning of the answer for the key, or nil if it has none.
func (a answer) ofKey() error {
	if a.status == http.StatusMethodNotAllowed && a.header.Get("X-Amz-Delete-Marker") == "true" {
		return fs.ErrNotExist
	}
	return bucket.OfKey(a.code)
}

// leavesOpen reports whether, after this answer to HEAD, a GET may still
// succeed: the answer has no reason, or one that may hold for HEAD only.
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
