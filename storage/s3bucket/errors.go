package s3bucket

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/http"
	"os"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	"github.com/aws/smithy-go"
	smithyhttp "github.com/aws/smithy-go/transport/http"

	"github.com/downloadview/downloadview"
)

// failure says in the words of io/fs and downloadview what went wrong, beside
// the cause.
func (s *Storage) failure(op, key string, err error) error {
	return &fs.PathError{Op: op, Path: key, Err: s.classified(err)}
}

func (s *Storage) classified(err error) error {
	if errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return err
	}
	a := answerOf(err)
	switch {
	case a.isMissing():
		return fmt.Errorf("%w: %w", fs.ErrNotExist, err)
	case a.isDenied():
		return fmt.Errorf("%w: %w", fs.ErrPermission, err)
	case a.code == "KeyTooLongError":
		return fmt.Errorf("%w: %w", fs.ErrInvalid, err)
	case a.code == "InvalidObjectState":
		return archived(err)
	case a.status == http.StatusPreconditionFailed:
		return fmt.Errorf("%w: %w", downloadview.ErrChanged, err)
	case a.status == http.StatusRequestedRangeNotSatisfiable:
		return fmt.Errorf("%w: %w", downloadview.ErrRange, err)
	case a.isBusy(err):
		return unavailable(a.header.Get("Retry-After"), err)
	}
	err = fmt.Errorf("%w: %w", downloadview.ErrUpstream, err)
	if e, ok := errors.AsType[net.Error](err); ok && e.Timeout() || a.status == http.StatusGatewayTimeout {
		return fmt.Errorf("%w: %w", os.ErrDeadlineExceeded, err)
	}
	if a.status == http.StatusMovedPermanently || a.status == http.StatusTemporaryRedirect || a.status == http.StatusBadRequest {
		theirs, ours := a.header.Get("X-Amz-Bucket-Region"), s.client.Options().Region
		if theirs != "" && theirs != ours {
			return fmt.Errorf("the bucket is in the region %q, the client in %q; want the same: %w", theirs, ours, err)
		}
	}
	return err
}

// An answer is what a store said of its failure.
type answer struct {
	status int    // 0: none came
	code   string // of S3, such as NoSuchKey
	header http.Header
}

// answerOf returns the answer in err. One to HEAD has no body and so no code of
// its own: the SDK makes NotFound and Forbidden of the status.
func answerOf(err error) answer {
	var a answer
	if e, ok := errors.AsType[smithy.APIError](err); ok {
		a.code = e.ErrorCode()
	}
	if e, ok := errors.AsType[*smithyhttp.ResponseError](err); ok {
		a.status = e.HTTPStatusCode()
		if e.Response != nil && e.Response.Response != nil {
			a.header = e.Response.Header
		}
	}
	return a
}

func (a answer) isMissing() bool {
	switch a.code {
	case "NoSuchKey", "NotFound", "NoSuchBucket":
		return true
	}
	return a.status == http.StatusMethodNotAllowed && a.header.Get("X-Amz-Delete-Marker") == "true"
}

func (a answer) isDenied() bool { return a.code == "AccessDenied" || a.code == "Forbidden" }

func (a answer) isBusy(err error) bool {
	return a.status == http.StatusServiceUnavailable || a.status == http.StatusTooManyRequests ||
		retry.IsErrorThrottles(retry.DefaultThrottles).IsErrorThrottle(err) == aws.TrueTernary
}
