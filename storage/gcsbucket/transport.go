package gcsbucket

import (
	"context"
	"net/http"
)

// Transport returns a transport for the [net/http.Client] of a
// [storage.Client], as option.WithHTTPClient takes one. Requests pass through it
// to base as they are. What the answers tell of an object, and the SDK does not,
// is then known to the files of this package: Content-Language,
// Content-Disposition and MD5.
//
// base is what has the credentials, as the NewTransport of
// google.golang.org/api/transport/http makes it.
func Transport(base http.RoundTripper) http.RoundTripper { return &transport{base} }

type transport struct{ base http.RoundTripper }

func (t *transport) RoundTrip(r *http.Request) (*http.Response, error) {
	resp, err := t.base.RoundTrip(r)
	if s, ok := r.Context().Value(seenKey{}).(*seen); ok && err == nil {
		s.header = resp.Header
	}
	return resp, err
}

// CloseIdleConnections is what the client's method of that name calls.
func (t *transport) CloseIdleConnections() {
	if c, ok := t.base.(interface{ CloseIdleConnections() }); ok {
		c.CloseIdleConnections()
	}
}

type seenKey struct{}

// seen has what a Transport saw of the last answer; nil: there is no Transport.
type seen struct{ header http.Header }

func watched(ctx context.Context) (context.Context, *seen) {
	s := &seen{}
	return context.WithValue(ctx, seenKey{}, s), s
}
