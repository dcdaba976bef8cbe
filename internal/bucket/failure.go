package bucket

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/http"
	"net/url"
	"os"

	"github.com/downloadview/downloadview"
)

// Says returns an error that is meaning, caused by err. Other meanings of err
// are hidden from errors.Is, and secrets in its URLs from its text.
func Says(meaning, err error) error {
	return fmt.Errorf("%w: %w", meaning, downloadview.AsCause(discreet(err)))
}

// ErrNoBucket comes with [fs.ErrNotExist] if the bucket itself is missing.
var ErrNoBucket = errors.New("no such bucket")

// NoBucket returns the error of an object whose bucket is missing, caused by
// err.
func NoBucket(err error) error {
	return fmt.Errorf("%w: %w", fs.ErrNotExist, Says(ErrNoBucket, err))
}

// Ended returns the error of ctx if it has ended, with err as its cause;
// otherwise nil. Only the end of the caller's context keeps its meaning: a
// deadline inside err may be that of a client or of credentials.
func Ended(ctx context.Context, err error) error {
	if ended := ctx.Err(); ended != nil {
		return Says(ended, err)
	}
	return nil
}

// Upstream returns err, which says nothing about an object, as
// [downloadview.ErrUpstream]. A timeout is also [os.ErrDeadlineExceeded]. If
// trying again can't help, the result is also [downloadview.ErrRefused].
func Upstream(err error) error {
	switch {
	case IsTimeout(err):
		return Late(err)
	case IsMisdirected(err):
		return Lasting(err)
	}
	return Says(downloadview.ErrUpstream, err)
}

// Answered is Upstream for an answer with this status, from the store or from a
// service that was asked for credentials.
func Answered(status int, err error) error {
	switch {
	case status == http.StatusRequestTimeout, status == http.StatusConflict,
		status == http.StatusTooEarly, status == http.StatusTooManyRequests:
	case status >= 300 && status < 500, status == http.StatusNotImplemented:
		return Lasting(err)
	}
	return Upstream(err)
}

// Lasting is Upstream for an error that trying again doesn't change.
func Lasting(err error) error {
	return fmt.Errorf("%w: %w", downloadview.ErrUpstream, Says(downloadview.ErrRefused, err))
}

// IsMisdirected reports whether the wrong server answers at an address: it has
// another certificate, or doesn't use TLS.
func IsMisdirected(err error) bool {
	_, untrusted := errors.AsType[*tls.CertificateVerificationError](err)
	return untrusted || errors.Is(err, http.ErrSchemeMismatch)
}

// Late is Upstream for a timeout.
func Late(err error) error {
	return fmt.Errorf("%w: %w", os.ErrDeadlineExceeded, Says(downloadview.ErrUpstream, err))
}

// Failed is Ended if ctx has ended, otherwise Upstream.
func Failed(ctx context.Context, err error) error {
	if ended := Ended(ctx, err); ended != nil {
		return ended
	}
	return Upstream(err)
}

// IsTimeout reports whether err is a timeout.
func IsTimeout(err error) bool {
	if errors.Is(err, context.DeadlineExceeded) || errors.Is(err, os.ErrDeadlineExceeded) {
		return true
	}
	e, ok := errors.AsType[net.Error](err)
	return ok && e.Timeout()
}

// IsUnanswered reports whether err is that of a request without an answer: it
// was not sent, or it broke off. If err contains another answer, such as one to
// a request for a token, it isn't the store's.
func IsUnanswered(err error) bool {
	if _, ok := errors.AsType[*url.Error](err); ok {
		return true
	}
	if _, ok := errors.AsType[*net.OpError](err); ok {
		return true
	}
	_, ok := errors.AsType[*net.DNSError](err)
	return ok
}
