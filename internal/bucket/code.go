package bucket

import (
	"io/fs"
	"net/http"
)

// meanings are what stores that speak S3 say of a key by the code of an error.
// Those of MinIO keep objects as files, so that some keys of S3 can't be.
var meanings = map[string]error{
	"NoSuchKey":     fs.ErrNotExist,
	"NoSuchVersion": fs.ErrNotExist,
	"NotFound":      fs.ErrNotExist, // what the SDK makes of the status of HEAD

	"AccessDenied": fs.ErrPermission,
	"Forbidden":    fs.ErrPermission, // likewise

	"KeyTooLongError": fs.ErrInvalid,
	"InvalidURI":      fs.ErrInvalid,

	"XMinioInvalidObjectName":       fs.ErrInvalid, // "a//b", a name over 255 bytes
	"XMinioInvalidResourceName":     fs.ErrInvalid, // "./a"
	"XMinioObjectExistsAsDirectory": fs.ErrNotExist,
	"XMinioParentIsObject":          fs.ErrNotExist, // "a/b" where "a" is an object

	"ObjectParentIsFile": fs.ErrNotExist, // the same, says versitygw
}

// OfKey returns what the code of an error of S3 says of a key: [fs.ErrNotExist],
// [fs.ErrPermission], [fs.ErrInvalid], or nil where it says nothing of it.
func OfKey(code string) error { return meanings[code] }

// RefusesRange reports whether an answer of S3 to a request for a range says that
// there are no ranges, though the object may be had.
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

// LeavesOpen reports whether the failure of a HEAD, which has no body that could
// say why, leaves open whether a GET succeeds.
func LeavesOpen(status int) bool {
	switch status {
	case http.StatusNotFound, http.StatusGone, http.StatusPreconditionFailed,
		http.StatusRequestedRangeNotSatisfiable, http.StatusTooManyRequests,
		http.StatusServiceUnavailable, http.StatusGatewayTimeout:
		return false
	}
	return status >= 400
}
