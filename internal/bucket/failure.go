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

// Says returns an error that means meaning, because of err, whose own meaning is
// not passed on.
func Says(meaning, err error) error {
	return fmt.Errorf("%w: %w", meaning, downloadview.AsCause(err))
}

// ErrNoBucket says, beside [fs.ErrNotExist], that the bucket itself is missing.
var ErrNoBucket = errors.New("no such bucket")

// NoBucket is the error of an object whose bucket is missing, because of err.
func NoBucket(err error) error {
	return fmt.Errorf("%w: %w", fs.ErrNotExist, Says(ErrNoBucket, err))
}

// Ended returns the error of ctx if it has ended, because of which err came;
// else nil. Only the end of the caller's own context keeps its meaning: a
// deadline inside err may be that of a client or of credentials.
func Ended(ctx context.Context, err error) error {
	if ended := ctx.Err(); ended != nil {
		return Says(ended, err)
	}
	return nil
}

// Upstream returns err, which says nothing of an object, as
// [downloadview.ErrUpstream]. A timeout is [os.ErrDeadlineExceeded] too, and what
// another try doesn't change [downloadview.ErrRefused].
func Upstream(err error) error {
	switch {
	case IsTimeout(err):
		return Late(err)
	case IsMisdirected(err):
		return Lasting(err)
	}
	return Says(downloadview.ErrUpstream, err)
}

// Answered is Upstream for what was answered with status, by the store or by
// whoever was asked for credentials.
func Answered(status int, err error) error {
	switch {
	case status == http.StatusRequestTimeout, status == http.StatusConflict,
		status == http.StatusTooEarly, status == http.StatusTooManyRequests:
	case status >= 300 && status < 500, status == http.StatusNotImplemented:
		return Lasting(err)
	}
	return Upstream(err)
}

// Lasting is Upstream for what another try doesn't change.
func Lasting(err error) error {
	return fmt.Errorf("%w: %w", downloadview.ErrUpstream, Says(downloadview.ErrRefused, err))
}

// IsMisdirected reports whether whatever answers at an address is not what is
// meant: its certificate is another one, or it doesn't speak TLS.
func IsMisdirected(err error) bool {
	_, untrusted := errors.AsType[*tls.CertificateVerificationError](err)
	return untrusted || errors.Is(err, http.ErrSchemeMismatch)
}

// Late is Upstream for what came too late.
func Late(err error) error {
	return fmt.Errorf("%w: %w", os.ErrDeadlineExceeded, Says(downloadview.ErrUpstream, err))
}

// Failed is Ended where ctx has ended, else Upstream.
func Failed(ctx context.Context, err error) error {
	if ended := Ended(ctx, err); ended != nil {
		return ended
	}
	return Upstream(err)
}

// IsTimeout reports whether err came because something took too long.
func IsTimeout(err error) bool {
	if errors.Is(err, context.DeadlineExceeded) || errors.Is(err, os.ErrDeadlineExceeded) {
		return true
	}
	e, ok := errors.AsType[net.Error](err)
	return ok && e.Timeout()
}

// IsUnanswered reports whether err is that of a request without an answer: one
// that was not sent, or broke off. Whatever else is in it, such as the answer
// that somebody else gave for a token, is not the store's.
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
