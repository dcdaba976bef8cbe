package bucket

import (
	"io/fs"
	"net/http"
)

// meanings are the error codes of S3 that say something about a key. Codes of
// MinIO are included, which stores objects as files, so that some keys are
// impossible.
var meanings = map[string]error{
	"NoSuchKey":     fs.ErrNotExist,
	"NoSuchVersion": fs.ErrNotExist,
	"NotFound":      fs.ErrNotExist, // the SDK's code for the status of a HEAD

	"AccessDenied": fs.ErrPermission,
	"Forbidden":    fs.ErrPermission, // likewise

	"KeyTooLongError": fs.ErrInvalid,
	"InvalidURI":      fs.ErrInvalid,

	"XMinioInvalidObjectName":       fs.ErrInvalid, // "a//b", a name over 255 bytes
	"XMinioInvalidResourceName":     fs.ErrInvalid, // "./a"
	"XMinioObjectExistsAsDirectory": fs.ErrNotExist,
	"XMinioParentIsObject":          fs.ErrNotExist, // "a/b" where "a" is an object

	"ObjectParentIsFile": fs.ErrNotExist, // the same in versitygw
}

// OfKey returns the meaning of an S3 error code for a key: [fs.ErrNotExist],
// [fs.ErrPermission], [fs.ErrInvalid], or nil if it has none.
func OfKey(code string) error { return meanings[code] }

// RefusesRange reports whether an answer of S3 to a range request means that
// ranges aren't supported, although the object may be available.
func RefusesRange(status int, code string) bool {
	switch status {
	case http.StatusNotImplemented:
		return true
	case http.StatusBadRequest, http.StatusMethodNotAllowed:
		switch code {
		case "", "BadRequest", "InvalidArgument", "InvalidRange", "MethodNotAllowed", "NotImplemented":
			return true
		}
	}
	return false
}

// LeavesOpen reports whether a GET may still succeed after a HEAD failed with
// status. An answer to HEAD has no body that could give a reason.
func LeavesOpen(status int) bool {
	switch status {
	case http.StatusNotFound, http.StatusGone, http.StatusPreconditionFailed,
		http.StatusRequestedRangeNotSatisfiable, http.StatusTooManyRequests,
		http.StatusServiceUnavailable, http.StatusGatewayTimeout:
		return false
	}
	return status >= 400
}
