package remote

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
)

// ask sends a request, and follows redirects inside the policy. It doesn't leave
// them to the client, which would send a Referer with the query in it, and every
// field of ours to wherever they lead. byteRange may be "". The caller closes
// the body of the answer, whose status may be any other.
func (o *origin) ask(ctx context.Context, method string, u *url.URL, byteRange string) (*http.Response, error) {
	at, home := u, true
	for range maxRedirects + 1 {
		resp, err := o.client.Do(o.request(ctx, method, at, byteRange, home))
		if err != nil {
			return nil, unanswered(ctx, err)
		}
		next, err := location(resp, at)
		if next == nil && err == nil {
			return resp, nil
		}
		resp.Body.Close()
		if err != nil {
			return nil, err
		}
		next.User = nil // whose ever it is, unless we are still at home
		if !o.redirect(at, next) {
			return nil, refusedAnswer(fmt.Sprintf("a redirect to %s, which is not to be followed", shown(next)))
		}
		// Once away, what comes back is somebody else's wish.
		if home = home && SameHost(u, next); home {
			next.User = u.User
		}
		at = next
	}
	return nil, refusedAnswer(fmt.Sprintf("more than %d redirects", maxRedirects))
}

// request returns one request; home tells whether it goes to the origin, and
// not to where that has redirected.
func (o *origin) request(ctx context.Context, method string, u *url.URL, byteRange string, home bool) *http.Request {
	var h http.Header
	if home {
		h = o.header.Clone()
	}
	if h == nil {
		h = make(http.Header, 2)
	}
	// Saying it is also what keeps net/http from decoding.
	h.Set("Accept-Encoding", "identity")
	h.Del("Range")
	if byteRange != "" {
		h.Set("Range", byteRange)
	}
	return (&http.Request{Method: method, URL: u, Header: h}).WithContext(ctx)
}

// shown returns a URL without what may be secret in it.
func shown(u *url.URL) string {
	v := url.URL{Scheme: u.Scheme, Host: u.Host, Path: u.Path, RawPath: u.RawPath}
	return v.String()
}
