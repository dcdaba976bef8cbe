package bucket

import (
	"cmp"
	"net/http"

	"github.com/downloadview/downloadview"
)

// Seconds until a client may try again, if the store doesn't say.
const (
	afterBusy    = "3"
	afterArchive = "3600" // restoring takes minutes to days
)

// Busy returns the error of a busy store, with its Retry-After; "" means that
// it sent none.
func Busy(after string, err error) error { return unavailable(cmp.Or(after, afterBusy), err) }

// Archived returns the error of an object that exists but has to be restored
// before it can be read. As a 503 it is logged.
func Archived(err error) error { return unavailable(afterArchive, err) }

func unavailable(after string, err error) error {
	return &downloadview.StatusError{
		Status: http.StatusServiceUnavailable,
		Err:    Says(downloadview.ErrUpstream, err),
		Header: http.Header{"Retry-After": {after}},
	}
}
