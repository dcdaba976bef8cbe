package downloadview

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// A Signer is a File that can be fetched from where it lives by a URL that
// carries its own, short-lived permission.
type Signer interface {
	File

	// SignedURL returns such a URL, as it goes on the wire, and until when the
	// store takes it, by this machine's clock: that is sooner than o.Expiry says
	// where the credentials that sign end before. The zero time is what o.Expiry
	// says. Where the store's keys are at hand it costs no request; the storage's
	// documentation says where it does. Whether there is a file is not looked at.
	//
	// The error is [errors.ErrUnsupported] where the file can't be signed for,
	// or not with these options.
	SignedURL(ctx context.Context, o SignOptions) (url string, until time.Time, err error)
}

// SignOptions say what a signed URL is good for. The zero value is a GET within
// the next quarter of an hour.
type SignOptions struct {
	// Method is that of the request that will be made; "" means GET. A URL
	// signed for GET is refused to a HEAD by stores that check signatures.
	Method string

	// Expiry is how long from now the URL is good for at most, in whole seconds;
	// 0 means 15 minutes.
	Expiry time.Duration

	// Disposition, ContentType and CacheControl are the fields that the store is
	// to answer with in place of what it has stored. "" leaves the stored ones.
	Disposition  string
	ContentType  string
	CacheControl string
}

// SignedURL returns a signed URL of f, and until when it is good, by the first
// Signer found by following Unwrap, as [Signer] says, with the defaults of o
// filled in. Where there is none the error is [errors.ErrUnsupported].
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
