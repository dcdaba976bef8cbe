package azurebucket

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"os"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/bloberror"

	"github.com/downloadview/downloadview"
)

// failure says in the words of io/fs and downloadview what went wrong, beside
// the cause.
func failure(op, key string, err error) error {
	return &fs.PathError{Op: op, Path: key, Err: classified(err)}
}

// folder is the error of what is there but is no file.
func folder(op, key string) error {
	return &fs.PathError{Op: op, Path: key, Err: fmt.Errorf("%w: hdi_isfolder marks a folder", fs.ErrNotExist)}
}

func classified(err error) error {
	for _, ended := range []error{context.Canceled, context.DeadlineExceeded, os.ErrDeadlineExceeded} {
		if errors.Is(err, ended) {
			return err
		}
	}
	target := downloadview.ErrUpstream
	if e, ok := errors.AsType[*azcore.ResponseError](err); ok {
		switch {
		case e.StatusCode == http.StatusServiceUnavailable, e.StatusCode == http.StatusTooManyRequests:
			return unavailable(retryAfter(e), err)
		case bloberror.HasCode(err, bloberror.BlobArchived, bloberror.BlobBeingRehydrated):
			return archived(err)
		}
		target = meaning(bloberror.Code(e.ErrorCode), e.StatusCode)
	}
	return fmt.Errorf("%w: %w", target, err)
}

// meaning returns what an answer says by its code, which the header has too and
// so that to HEAD; or by its status, where somebody between here and Azure
// answers.
func meaning(code bloberror.Code, status int) error {
	switch code {
	case bloberror.BlobNotFound, bloberror.ContainerNotFound, bloberror.ResourceNotFound:
		return fs.ErrNotExist
	case bloberror.AuthorizationPermissionMismatch, bloberror.InsufficientAccountPermissions,
		bloberror.UnauthorizedBlobOverwrite, bloberror.BlobImmutableDueToPolicy:
		return fs.ErrPermission
	case bloberror.InvalidURI, bloberror.RequestURLFailedToParse, bloberror.OutOfRangeInput:
		return fs.ErrInvalid
	case bloberror.ConditionNotMet:
		return downloadview.ErrChanged
	case bloberror.InvalidRange:
		return downloadview.ErrRange
	case "":
		switch status {
		case http.StatusNotFound:
			return fs.ErrNotExist
		case http.StatusPreconditionFailed:
			return downloadview.ErrChanged
		case http.StatusRequestedRangeNotSatisfiable:
			return downloadview.ErrRange
		}
	}
	return downloadview.ErrUpstream
}
