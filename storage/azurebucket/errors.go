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

// failure classifies err in terms of io/fs and downloadview. Of the cause it
// keeps only the text and the types.
func (s *Storage) failure(ctx context.Context, op, key string, err error) error {
	return &fs.PathError{Op: op, Path: key, Err: s.classified(ctx, err)}
}

// folder is the error for a blob that stands for a folder.
func folder(op, key string) error {
	return &fs.PathError{Op: op, Path: key, Err: fmt.Errorf("%w: hdi_isfolder marks a folder", fs.ErrNotExist)}
}

func (s *Storage) classified(ctx context.Context, err error) error {
	if ended := bucket.Ended(ctx, err); ended != nil {
		return ended
	}
	e, ok := s.answer(err)
	switch {
	case !ok && e != nil: // from a service that issues tokens
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

// archived is the error for a blob that has to be moved to another access tier
// before it can be read.
func archived(err error) error {
	return bucket.Archived(fmt.Errorf("the blob is archived; it has to be rehydrated first: %w", err))
}

// leavesOpen reports whether, after this answer to HEAD, a GET may still
// succeed: Azure gives the reason in a header field, a proxy in front of it may
// give none.
func (s *Storage) leavesOpen(err error) bool {
	e, ok := s.answer(err)
	return ok && e.ErrorCode == "" && bucket.LeavesOpen(e.StatusCode)
}

// refusesRange reports whether an answer means that ranges are not supported.
func (s *Storage) refusesRange(err error) bool {
	e, ok := s.answer(err)
	return ok && (e.ErrorCode == string(bloberror.UnsupportedHeader) || bucket.RefusesRange(e.StatusCode, e.ErrorCode))
}

// answer returns the store's answer in err, if there is one. An answer from a
// service that issues tokens has the same type, but doesn't count.
func (s *Storage) answer(err error) (*azcore.ResponseError, bool) {
	e, ok := errors.AsType[*azcore.ResponseError](err)
	if !ok || bucket.IsUnanswered(err) || e.RawResponse == nil {
		return nil, false
	}
	r := e.RawResponse.Request
	return e, r == nil || r.URL == nil || r.URL.Host == s.at.Host
}

// meaning returns the meaning of an answer for the blob. It uses the error
// code, which is also in the header and thus in answers to HEAD. If there is no
// code, because a proxy between here and Azure answered, it uses the status.
// nil means that the answer says nothing about the blob.
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
