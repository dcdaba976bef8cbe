package downloadview

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// A Signer is a File that clients can fetch directly from its store, with a URL
// that carries a short-lived permission.
type Signer interface {
	File

	// SignedURL returns such a URL, ready to be sent, and the time until which the
	// store accepts it, by the clock of this machine. That time is earlier than
	// o.Expiry says if the credentials that sign end earlier. The zero time means
	// what o.Expiry says. If the keys are on this machine, signing makes no
	// request; the documentation of the storage says when it makes one. SignedURL
	// doesn't check whether the file exists.
	//
	// The error is [errors.ErrUnsupported] if no URL can be signed for the file, or
	// not with these options.
	SignedURL(ctx context.Context, o SignOptions) (url string, until time.Time, err error)
}

// SignOptions say what a signed URL is valid for. The zero value is a GET
// within the next 15 minutes.
type SignOptions struct {
	// Method is the method of the later request; "" means GET. Stores that check
	// signatures refuse a HEAD with a URL that is signed for GET.
	Method string

	// Expiry is how long the URL is valid at most, from now, in whole seconds; 0
	// means 15 minutes.
	Expiry time.Duration

	// Window makes URLs repeat, so that caches know them. The time from which
	// Expiry counts is rounded down to a multiple of Window, in whole seconds: all
	// URLs that are signed within a window, by any process with the same
	// credentials, are the same one. It is valid for at least Expiry - Window. The
	// windows of different files begin at different times. The maximum is half of
	// Expiry. 0 doesn't round. Storages ignore Window if they can't set the time
	// of a signature.
	Window time.Duration

	// Disposition, ContentType and CacheControl are header fields that the store
	// sends in place of the stored ones. "" leaves the stored ones.
	Disposition  string
	ContentType  string
	CacheControl string
}

// SignedURL returns a signed URL of f and the time until which it is valid, as
// [Signer] says, by the first Signer that it finds by following Unwrap. It
// fills in the defaults of o. If there is no Signer, the error is
// [errors.ErrUnsupported].
func SignedURL(ctx context.Context, f File, o SignOptions) (url string, until time.Time, err error) {
	s, ok := Find[Signer](f)
	if !ok {
		return "", time.Time{}, fmt.Errorf("%T can't sign a URL: %w", f, errors.ErrUnsupported)
	}
	if o.Method == "" {
		o.Method = "GET"
	}
	if o.Expiry == 0 {
		o.Expiry = 15 * time.Minute
	}
	if o.Expiry < time.Second {
		return "", time.Time{}, fmt.Errorf("expiry %v of a signed URL; want a second or more", o.Expiry)
	}
	if o.Window < 0 {
		return "", time.Time{}, fmt.Errorf("window %v of a signed URL; want 0 or more", o.Window)
	}
	if o.Window > o.Expiry/2 {
		return "", time.Time{}, fmt.Errorf("window %v of a signed URL; want at most half of its expiry, %v", o.Window, o.Expiry/2)
	}
	latest := time.Now().Add(o.Expiry.Truncate(time.Second))
	url, until, err = s.SignedURL(ctx, o)
	if err != nil {
		return "", time.Time{}, err
	}
	if until.IsZero() || until.After(latest) {
		until = latest
	}
	return url, until, nil
}
