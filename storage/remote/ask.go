package remote

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
)

// ask sends a request and follows redirects that the policy allows. The client
// doesn't follow them, because it would send a Referer with the query, and all
// our header fields, to any target. byteRange may be "". The caller closes the
// body of the answer, which may have any other status.
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
		next.User = nil // the redirect may have set it; credentials are only for the origin
		if !o.redirect(at, next) {
			return nil, refusedAnswer(fmt.Sprintf("a redirect to %s, which the policy doesn't allow", shown(next)))
		}
		// After a redirect away from the origin, the target decides on further
		// URLs.
		if home = home && SameHost(u, next); home {
			next.User = u.User
		}
		at = next
	}
	return nil, refusedAnswer(fmt.Sprintf("more than %d redirects", maxRedirects))
}

// request returns one request. home means that it goes to the origin, and not
// to the target of a redirect.
func (o *origin) request(ctx context.Context, method string, u *url.URL, byteRange string, home bool) *http.Request {
	var h http.Header
	if home {
		h = o.header.Clone()
	}
	if h == nil {
		h = make(http.Header, 2)
	}
	// Setting it also keeps net/http from decoding.
	h.Set("Accept-Encoding", "identity")
	h.Del("Range")
	if byteRange != "" {
		h.Set("Range", byteRange)
	}
	return (&http.Request{Method: method, URL: u, Header: h}).WithContext(ctx)
}

// shown returns a URL without the parts that may be secret.
func shown(u *url.URL) string {
	v := url.URL{Scheme: u.Scheme, Host: u.Host, Path: u.Path, RawPath: u.RawPath}
	return v.String()
}
