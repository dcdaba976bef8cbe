package gcsbucket

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"strings"

	"cloud.google.com/go/storage"
	"golang.org/x/oauth2"
	"google.golang.org/api/googleapi"

	"github.com/downloadview/downloadview"
	"github.com/downloadview/downloadview/internal/bucket"
)

var errForeign = fmt.Errorf("the tag isn't a generation: %w", downloadview.ErrChanged)

// failure is the function failure for a file that may be pinned. If a pinned
// generation is missing, it was replaced or deleted: both are ErrChanged.
func (f *file) failure(ctx context.Context, op string, err error) error {
	switch {
	case err == errForeign:
		return &fs.PathError{Op: op, Path: f.key, Err: err}
	case f.generation > 0 && ctx.Err() == nil && isMissing(err):
		err = fmt.Errorf("generation %d: %w", f.generation, bucket.Says(downloadview.ErrChanged, err))
		return &fs.PathError{Op: op, Path: f.key, Err: err}
	}
	return failure(ctx, op, f.key, err)
}

// failure classifies err in terms of io/fs and downloadview. Of the cause it
// keeps only the text and the types.
func failure(ctx context.Context, op, key string, err error) error {
	return &fs.PathError{Op: op, Path: key, Err: classified(ctx, err)}
}

func classified(ctx context.Context, err error) error {
	if ended := bucket.Ended(ctx, err); ended != nil {
		return ended
	}
	switch {
	case isMissing(err) && errors.Is(err, storage.ErrBucketNotExist):
		return bucket.NoBucket(err)
	case isMissing(err):
		return bucket.Says(fs.ErrNotExist, err)
	}
	a := answerOf(err)
	if says := bucket.OfKey(codeIn(a)); says != nil {
		return bucket.Says(says, err)
	}
	switch a.Code {
	case http.StatusTooManyRequests, http.StatusServiceUnavailable:
		return bucket.Busy(a.Header.Get("Retry-After"), err)
	case http.StatusForbidden:
		if isThrottled(a) {
			return bucket.Busy(a.Header.Get("Retry-After"), err)
		}
		if codeIn(a) == "" { // a code means wrong credentials, such as SignatureDoesNotMatch
			return bucket.Says(fs.ErrPermission, err)
		}
	case http.StatusNotFound:
		return bucket.Says(fs.ErrNotExist, err)
	case http.StatusPreconditionFailed:
		return bucket.Says(downloadview.ErrChanged, err)
	case http.StatusRequestedRangeNotSatisfiable:
		return bucket.Says(downloadview.ErrRange, err)
	case http.StatusGatewayTimeout, http.StatusRequestTimeout:
		return bucket.Late(err)
	}
	if token, ok := errors.AsType[*oauth2.RetrieveError](err); ok && token.Response != nil {
		return bucket.Answered(token.Response.StatusCode, err)
	}
	return bucket.Answered(a.Code, err)
}

// codeIn returns the error code in an answer of the XML API, such as
// InvalidURI.
func codeIn(a *googleapi.Error) string {
	_, rest, _ := strings.Cut(a.Body, "<Code>")
	code, _, _ := strings.Cut(rest, "</Code>")
	return code
}

// leavesOpen reports whether, after Stat failed with err, reading may still
// succeed: Google's answers have a reason, those of a proxy in front of it may
// have none.
func leavesOpen(err error) bool {
	a := answerOf(err)
	return len(a.Errors) == 0 && codeIn(a) == "" && bucket.LeavesOpen(a.Code)
}

// refusesRange reports whether the failure of a range request means that ranges
// are not supported, or that the answer had another range. For some of these
// the SDK has only texts.
func refusesRange(err error) bool {
	a := answerOf(err)
	if a.Code != 0 {
		code := codeIn(a)
		return (a.Body == "" || code != "" || a.Code == http.StatusNotImplemented) && bucket.RefusesRange(a.Code, code)
	}
	text := err.Error()
	return strings.Contains(text, "storage: partial request not satisfied") ||
		strings.Contains(text, "storage: invalid Content-Range") && strings.Contains(text, `/*"`)
}

// isMissing reports whether Google says that there is no such object or bucket.
// The SDK returns the same error if the service that was asked for a token
// answered with 404; that doesn't count.
func isMissing(err error) bool {
	return !bucket.IsUnanswered(err) && (errors.Is(err, storage.ErrObjectNotExist) || errors.Is(err, storage.ErrBucketNotExist))
}

// answerOf returns Google's answer in err, or the zero value.
func answerOf(err error) *googleapi.Error {
	if a, ok := errors.AsType[*googleapi.Error](err); ok && !bucket.IsUnanswered(err) {
		return a
	}
	return &googleapi.Error{}
}

// isThrottled reports whether the request was forbidden because there were too
// many.
func isThrottled(a *googleapi.Error) bool {
	for _, e := range a.Errors {
		if e.Reason == "rateLimitExceeded" || e.Reason == "userRateLimitExceeded" {
			return true
		}
	}
	return false
}
