package remote

import (
	"net/http"
	"net/url"
	"strings"

	"golang.org/x/net/idna"
)

// maxRedirects is how many redirects are followed for one request.
const maxRedirects = 10

// SameHost allows redirects to the same scheme, host and port, and from http to
// https on the same host if both use their default ports.
func SameHost(from, to *url.URL) bool {
	if !strings.EqualFold(asciiName(from.Hostname()), asciiName(to.Hostname())) {
		return false
	}
	upgrade := from.Scheme == "http" && to.Scheme == "https" && port(from) == "80" && port(to) == "443"
	return upgrade || from.Scheme == to.Scheme && port(from) == port(to)
}

// asciiName returns the name as net/http sends it. An origin repeats it in absolute
// redirects.
func asciiName(host string) string {
	if ascii, err := idna.Lookup.ToASCII(host); err == nil {
		return ascii
	}
	return host
}

// NoRedirect allows no redirect: an answer that redirects is an error.
func NoRedirect(_, _ *url.URL) bool { return false }

func port(u *url.URL) string {
	if p := u.Port(); p != "" {
		return p
	}
	if u.Scheme == "https" {
		return "443"
	}
	return "80"
}

// location returns the URL to which an answer to a request for at redirects, or
// nil.
func location(resp *http.Response, at *url.URL) (*url.URL, error) {
	switch resp.StatusCode {
	case http.StatusMovedPermanently, http.StatusFound, http.StatusSeeOther,
		http.StatusTemporaryRedirect, http.StatusPermanentRedirect:
	default:
		return nil, nil
	}
	to := resp.Header.Get("Location")
	if to == "" {
		return nil, nil
	}
	next, err := at.Parse(to)
	if err != nil {
		return nil, refusedAnswer("a redirect to an invalid URL")
	}
	next.Fragment, next.RawFragment = "", ""
	if checkURL(next) != nil {
		return nil, refusedAnswer("a redirect to a URL that isn't HTTP or HTTPS")
	}
	return next, nil
}
