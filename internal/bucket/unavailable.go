package bucket

import (
	"net/http"
	"strconv"

	"github.com/downloadview/downloadview"
)

// Seconds until a client may try again, if the store doesn't say.
const (
	afterBusy    = "3"
	afterArchive = "3600" // restoring takes minutes to days
)

// Busy returns the error of a busy store, with its Retry-After if that is one; "" means
// that it sent none.
func Busy(after string, err error) error {
	if !IsDelay(after) {
		after = afterBusy
	}
	return unavailable(after, err)
}

// IsDelay reports whether s is a value of Retry-After: seconds, or a date.
func IsDelay(s string) bool {
	if _, err := strconv.ParseUint(s, 10, 63); err == nil {
		return true
	}
	_, err := http.ParseTime(s)
	return err == nil
}

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
