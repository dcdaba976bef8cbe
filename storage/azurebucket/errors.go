package azurebucket

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net/http"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/bloberror"

	"github.com/downloadview/downloadview"
	"github.com/downloadview/downloadview/internal/bucket"
)

// failure says in the words of io/fs and downloadview what went wrong. Of the
// cause only the text and the types are kept.
func (s *Storage) failure(ctx context.Context, op, key string, err error) error {
	return &fs.PathError{Op: op, Path: key, Err: s.classified(ctx, err)}
}

// folder is the error of what is there but is no file.
func folder(op, key string) error {
	return &fs.PathError{Op: op, Path: key, Err: fmt.Errorf("%w: hdi_isfolder marks a folder", fs.ErrNotExist)}
}

func (s *Storage) classified(ctx context.Context, err error) error {
	if ended := bucket.Ended(ctx, err); ended != nil {
		return ended
	}
	e, ok := s.answer(err)
	switch {
	case !ok && e != nil: // that of whoever gives out tokens
		return bucket.Answered(e.StatusCode, err)
	case !ok:
		return bucket.Upstream(err)
	case e.StatusCode == http.StatusServiceUnavailable, e.StatusCode == http.StatusTooManyRequests:
		return bucket.Busy(retryAfter(e), err)
	case e.StatusCode == http.StatusGatewayTimeout:
		return bucket.Late(err)
	}
	code := bloberror.Code(e.ErrorCode)
	if code == bloberror.BlobArchived || code == bloberror.BlobBeingRehydrated {
		return archived(err)
	}
	if code == bloberror.ContainerNotFound {
		return bucket.NoBucket(err)
	}
	if says := meaning(code, e.StatusCode); says != nil {
		return bucket.Says(says, err)
	}
	return bucket.Answered(e.StatusCode, err)
}

// archived is a blob that somebody has to move to another access tier first.
func archived(err error) error {
	return bucket.Archived(fmt.Errorf("the blob is archived; it has to be rehydrated first: %w", err))
}

// leavesOpen reports whether an answer to HEAD leaves open what a GET would get:
// Azure says the reason in a field, what stands before it may say none.
func (s *Storage) leavesOpen(err error) bool {
	e, ok := s.answer(err)
	return ok && e.ErrorCode == "" && bucket.LeavesOpen(e.StatusCode)
}

// refusesRange reports whether an answer says that there are no ranges.
func (s *Storage) refusesRange(err error) bool {
	e, ok := s.answer(err)
	return ok && (e.ErrorCode == string(bloberror.UnsupportedHeader) || bucket.RefusesRange(e.StatusCode, e.ErrorCode))
}

// answer returns the store's answer in err, and whether there is one. That of
// whoever gives out tokens has the same type, and is none.
func (s *Storage) answer(err error) (*azcore.ResponseError, bool) {
	e, ok := errors.AsType[*azcore.ResponseError](err)
	if !ok || bucket.IsUnanswered(err) || e.RawResponse == nil {
		return nil, false
	}
	r := e.RawResponse.Request
	return e, r == nil || r.URL == nil || r.URL.Host == s.at.Host
}

// meaning returns what an answer says by its code, which the header has too and
// so that to HEAD; or by its status, where somebody between here and Azure
// answers. nil is nothing of the blob.
func meaning(code bloberror.Code, status int) error {
	switch code {
	case bloberror.BlobNotFound, bloberror.ResourceNotFound:
		return fs.ErrNotExist
	case bloberror.AuthorizationPermissionMismatch, bloberror.InsufficientAccountPermissions,
		bloberror.UnauthorizedBlobOverwrite, bloberror.BlobImmutableDueToPolicy:
		return fs.ErrPermission
	case bloberror.InvalidURI, bloberror.RequestURLFailedToParse, bloberror.OutOfRangeInput,
		bloberror.InvalidResourceName:
		return fs.ErrInvalid
	case bloberror.ConditionNotMet:
		return downloadview.ErrChanged
	case bloberror.InvalidRange:
		return downloadview.ErrRange
	case "":
		switch status {
		case http.StatusNotFound:
			return fs.ErrNotExist
		case http.StatusForbidden:
			return fs.ErrPermission
		case http.StatusPreconditionFailed:
			return downloadview.ErrChanged
		case http.StatusRequestedRangeNotSatisfiable:
			return downloadview.ErrRange
		}
	}
	return nil
}

func retryAfter(e *azcore.ResponseError) string {
	if e.RawResponse == nil {
		return ""
	}
	return e.RawResponse.Header.Get("Retry-After")
}
