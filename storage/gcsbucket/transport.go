package gcsbucket

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strconv"

	"github.com/downloadview/downloadview/internal/bucket"
)

// Transport returns a transport for the [net/http.Client] of a
// [storage.Client]; pass that to option.WithHTTPClient. Requests go to base
// unchanged. From the answers, the files of this package get what the SDK
// doesn't return: Content-Language, Content-Disposition and MD5, and the
// status, since the SDK accepts any from 200 to 299. A date that the SDK can't
// parse is removed, because the SDK would fail with the whole answer. Of the page of an
// error, the SDK reads 64 KiB.
//
// base must add the credentials, as the result of NewTransport of
// google.golang.org/api/transport/http does.
func Transport(base http.RoundTripper) http.RoundTripper { return &transport{base} }

type transport struct{ base http.RoundTripper }

func (t *transport) RoundTrip(r *http.Request) (*http.Response, error) {
	resp, err := t.base.RoundTrip(r)
	if err == nil {
		bucket.ShortenPage(resp)
	}
	if s, ok := r.Context().Value(seenKey{}).(*seen); ok && err == nil {
		s.header, s.status = resp.Header, resp.StatusCode
		leaveOutUnreadable(resp.Header)
	}
	return resp, err
}

// leaveOutUnreadable removes fields that the SDK can't parse, because it would
// fail with the whole answer.
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

// CloseIdleConnections is called by the client's method of the same name.
func (t *transport) CloseIdleConnections() {
	if c, ok := t.base.(interface{ CloseIdleConnections() }); ok {
		c.CloseIdleConnections()
	}
}

type seenKey struct{}

// seen is what a Transport has seen of the last answer; nil if there is no
// Transport.
type seen struct {
	header http.Header
	status int
}

// isOther reports whether an answer had a status that isn't in than. The SDK
// accepts any from 200 to 299.
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
