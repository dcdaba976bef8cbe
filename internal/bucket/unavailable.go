package bucket

import (
	"cmp"
	"net/http"

	"github.com/downloadview/downloadview"
)

// Seconds until a client may ask again, where the store doesn't say.
const (
	afterBusy    = "3"
	afterArchive = "3600" // what was archived comes back within minutes to days
)

// Busy is the error of a store that asks for patience, with its Retry-After, or ""
// where it has none.
func Busy(after string, err error) error { return unavailable(cmp.Or(after, afterBusy), err) }

// Archived is the error of an object that is there, so that it is not missing, but
// can't be read before somebody restores it. As 503 it is in the log.
func Archived(err error) error { return unavailable(afterArchive, err) }

func unavailable(after string, err error) error {
	return &downloadview.StatusError{
		Status: http.StatusServiceUnavailable,
		Err:    Says(downloadview.ErrUpstream, err),
		Header: http.Header{"Retry-After": {after}},
	}
}
