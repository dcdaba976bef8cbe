package remote

import (
	"net/http"
	"net/url"
	"strings"
)

// maxRedirects is how many redirects are followed for one request.
const maxRedirects = 10

// SameHost allows redirects that stay at the same scheme, host and port, and
// those from http to https at the same host, both at the scheme's own port.
func SameHost(from, to *url.URL) bool {
	if !strings.EqualFold(from.Hostname(), to.Hostname()) {
		return false
	}
	upgrade := from.Scheme == "http" && to.Scheme == "https" && port(from) == "80" && port(to) == "443"
	return upgrade || from.Scheme == to.Scheme && port(from) == port(to)
}

// NoRedirect allows none: an answer that redirects is no answer.
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

// location returns where an answer to at redirects to, or nil.
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
		return nil, refusedAnswer("a redirect to what is no URL")
	}
	next.Fragment, next.RawFragment = "", ""
	if checkURL(next) != nil {
		return nil, refusedAnswer("a redirect to what is no HTTP URL")
	}
	return next, nil
}
