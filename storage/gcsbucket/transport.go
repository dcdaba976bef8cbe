package gcsbucket

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strconv"
)

// Transport returns a transport for the [net/http.Client] of a
// [storage.Client], as option.WithHTTPClient takes one. Requests pass through it
// to base as they are. What the answers tell of an object, and the SDK does not,
// is then known to the files of this package: Content-Language,
// Content-Disposition and MD5, and the status, of which all from 200 to 299 are
// fine with the SDK. A date that the SDK can't read, for which it would fail with
// the whole answer, is left out.
//
// base is what has the credentials, as the NewTransport of
// google.golang.org/api/transport/http makes it.
func Transport(base http.RoundTripper) http.RoundTripper { return &transport{base} }

type transport struct{ base http.RoundTripper }

func (t *transport) RoundTrip(r *http.Request) (*http.Response, error) {
	resp, err := t.base.RoundTrip(r)
	if s, ok := r.Context().Value(seenKey{}).(*seen); ok && err == nil {
		s.header, s.status = resp.Header, resp.StatusCode
		leaveOutUnreadable(resp.Header)
	}
	return resp, err
}

// leaveOutUnreadable removes fields for which the SDK would fail with the whole
// answer, since it can't read them.
func leaveOutUnreadable(h http.Header) {
	if _, err := http.ParseTime(h.Get("Last-Modified")); err != nil {
		h.Del("Last-Modified")
	}
	for _, number := range []string{"X-Goog-Generation", "X-Goog-Metageneration"} {
		if _, err := strconv.ParseInt(h.Get(number), 10, 64); err != nil {
			h.Del(number)
		}
	}
}

// CloseIdleConnections is what the client's method of that name calls.
func (t *transport) CloseIdleConnections() {
	if c, ok := t.base.(interface{ CloseIdleConnections() }); ok {
		c.CloseIdleConnections()
	}
}

type seenKey struct{}

// seen has what a Transport saw of the last answer; nil: there is no Transport.
type seen struct {
	header http.Header
	status int
}

// isOther reports whether an answer had a status that is none of these. From 200 to
// 299 all are fine with the SDK.
func (s *seen) isOther(than ...int) bool {
	return s.header != nil && !slices.Contains(than, s.status)
}

func (s *seen) String() string {
	return fmt.Sprintf("%d %s", s.status, http.StatusText(s.status))
}

func watched(ctx context.Context) (context.Context, *seen) {
	s := &seen{}
	return context.WithValue(ctx, seenKey{}, s), s
}
