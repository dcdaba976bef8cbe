package remote

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"net/http"
	"os"

	"github.com/downloadview/downloadview"
	"github.com/downloadview/downloadview/internal/bucket"
)

// badAnswer is the error for an answer that doesn't fit the request.
func badAnswer(what string) error {
	return fmt.Errorf("%w: the origin answered with %s", downloadview.ErrUpstream, what)
}

// refusedAnswer is badAnswer for an answer that trying again doesn't change.
func refusedAnswer(what string) error {
	return fmt.Errorf("%w: %w: the origin answered with %s", downloadview.ErrUpstream, downloadview.ErrRefused, what)
}

// isWhole reports whether status is that of an answer with the whole file. 203
// is a 200 that a proxy has modified.
func isWhole(status int) bool {
	return status == http.StatusOK || status == http.StatusNonAuthoritativeInfo
}

// refused returns the error for an answer whose status isn't the expected one.
func refused(resp *http.Response) error {
	status := fmt.Sprintf("%d %s", resp.StatusCode, http.StatusText(resp.StatusCode))
	answered := func(err error) error { return fmt.Errorf("%w: the origin answered with %s", err, status) }
	switch resp.StatusCode {
	case http.StatusNotFound, http.StatusGone:
		return answered(fs.ErrNotExist)
	case http.StatusUnauthorized, http.StatusForbidden:
		return answered(fs.ErrPermission)
	case http.StatusRequestURITooLong:
		return answered(fs.ErrInvalid)
	case http.StatusTooManyRequests, http.StatusServiceUnavailable:
		return &downloadview.StatusError{
			Status: http.StatusServiceUnavailable,
			Err:    badAnswer(status),
			Header: retryAfter(resp.Header),
		}
	case http.StatusRequestTimeout, http.StatusConflict, http.StatusTooEarly:
		return badAnswer(status)
	}
	if resp.StatusCode >= 300 && resp.StatusCode < 500 || resp.StatusCode == http.StatusNotImplemented {
		return refusedAnswer(status)
	}
	return badAnswer(status)
}

func retryAfter(h http.Header) http.Header {
	after := h.Get("Retry-After")
	if !bucket.IsDelay(after) {
		return nil
	}
	return http.Header{"Retry-After": {after}}
}

// unanswered returns the error if there is no answer, or if it breaks off. It
// hides other meanings of err from errors.Is: err is about a connection, not
// about the file.
func unanswered(ctx context.Context, err error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	quiet := &unspokenError{textOf(err), err}
	if bucket.IsTimeout(err) {
		return fmt.Errorf("%w: %w: %w", downloadview.ErrUpstream, os.ErrDeadlineExceeded, quiet)
	}
	if errors.Is(err, ErrAddress) || bucket.IsMisdirected(err) {
		return fmt.Errorf("%w: %w: %w", downloadview.ErrUpstream, downloadview.ErrRefused, quiet)
	}
	return fmt.Errorf("%w: %w", downloadview.ErrUpstream, quiet)
}

// textOf returns a text for err without header values and queries. Errors of
// net/http contain the URL and quote unreadable input.
func textOf(err error) string {
	if e, ok := errors.AsType[*net.OpError](err); ok {
		return e.Error()
	}
	if e, ok := errors.AsType[*tls.CertificateVerificationError](err); ok {
		return e.Error()
	}
	if bucket.IsTimeout(err) {
		return "no answer in time"
	}
	for _, known := range []error{io.ErrUnexpectedEOF, io.EOF, http.ErrSchemeMismatch} {
		if errors.Is(err, known) {
			return known.Error()
		}
	}
	return "no valid HTTP answer"
}

// An unspokenError has another text than its cause, and of its cause's meanings
// only ErrAddress.
type unspokenError struct {
	text string
	err  error
}

func (e *unspokenError) Error() string { return e.text }
func (e *unspokenError) Unwrap() error { return downloadview.AsCause(e.err) }

func (e *unspokenError) Is(target error) bool {
	return target == ErrAddress && errors.Is(e.err, ErrAddress)
}
