package middleware

import (
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"math"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// Sign returns rawURL as a link that grants g. rawURL is the URL that a client uses,
// such as "https://example.test/reports/q1.pdf" or its part from the path on, escaped
// as URLs are. Its path is the one that [Links.Handler] sees: nothing may change the
// path before. All query parameters of rawURL are signed: the link has them in the
// order of their names. Parameters that others add later are removed from the request.
// A Grant with Times and without an ID gets a random ID.
//
// A rawURL or Grant that can't be signed is an error, as are Keys of which none signs
// now, or is accepted as long as the link should be valid. Sign does no I/O.
func (l *Links) Sign(rawURL string, g Grant) (string, error) {
	u, signed, token, err := l.sign(rawURL, &g, kindFile)
	if err != nil {
		return "", err
	}
	link := url.URL{Scheme: u.Scheme, Host: u.Host, Path: u.Path, RawPath: escapedPath(u.Path), RawQuery: signed.query}
	if link.RawQuery != "" {
		link.RawQuery += "&"
	}
	link.RawQuery += tokenParam + "=" + token
	return link.String(), nil
}

// SignPrefix returns rawURL as a link that grants g for each file below it, and for its
// own path, which ends in "/". The link begins with another segment,
//
//	https://example.test/~1.KEYID.EXPIRY.CLAIMS.MAC/videos/a/
//
// so that relative links of playlists and pages below it are links, too; an absolute one
// such as "/videos/a/2.ts" is not. Put the rest of a file's path behind it, escaped. The
// requests have to reach [Links.Handler] at this path.
//
// Parameters of a query are not signed, and removed from the request. A rawURL with a
// query is an error, as is a Grant with Name or Times. Otherwise SignPrefix is as
// [Links.Sign].
func (l *Links) SignPrefix(rawURL string, g Grant) (string, error) {
	u, _, token, err := l.sign(rawURL, &g, kindPrefix)
	if err != nil {
		return "", err
	}
	segment := pathMark[:len("/~")] + token
	link := url.URL{Scheme: u.Scheme, Host: u.Host, Path: segment + u.Path, RawPath: segment + escapedPath(u.Path)}
	return link.String(), nil
}

// Cookie returns a cookie that grants g for rawURL, which is a prefix as for
// [Links.SignPrefix], to the browser that gets it. URLs stay as they are: also pages with
// absolute links work. The answer that sets it has to come from the host of the files, by
// HTTPS. The cookie is not readable by scripts, is not sent with requests that other
// sites make for their pages, and ends with the link.
//
// Each prefix has a cookie of its own name, and all have the path "/", as the beginning
// __Host- of the name demands. A new cookie for a prefix replaces the older one; the same
// with MaxAge -1 removes it from the browser. More than 64 at once are refused. If a URL
// has a token of its own, cookies do not count.
func (l *Links) Cookie(rawURL string, g Grant) (*http.Cookie, error) {
	u, signed, token, err := l.sign(rawURL, &g, kindPrefix)
	if err != nil {
		return nil, err
	}
	end := signed.end()
	age := min(end.Unix()-l.now().Unix(), math.MaxInt32)
	return &http.Cookie{
		Name: cookieName(u.Path), Value: token, Path: "/", Expires: end, MaxAge: int(age),
		Secure: true, HttpOnly: true, SameSite: http.SameSiteLaxMode,
	}, nil
}

// escapedPath escapes a decoded path as url.URL does, and ";" too.
func escapedPath(path string) string {
	return strings.ReplaceAll((&url.URL{Path: path}).EscapedPath(), ";", "%3B")
}

// sign returns rawURL as it was parsed, what is signed, and the token.
func (l *Links) sign(rawURL string, g *Grant, kind string) (*url.URL, *link, string, error) {
	u, err := url.Parse(rawURL)
	if err != nil {
		if e, ok := errors.AsType[*url.Error](err); ok {
			err = e.Err // without the URL, which may have a token
		}
		return nil, nil, "", fmt.Errorf("sign a link: %w", err)
	}
	signed, token, err := l.token(u, g, kind)
	if err != nil {
		return nil, nil, "", fmt.Errorf("sign a link for %q: %w", withoutTokens(u.Path), err)
	}
	return u, signed, token, nil
}

// signable returns what keeps a URL from being signed.
func signable(u *url.URL) error {
	switch {
	case !unambiguous(u) || strings.HasPrefix(u.Path, pathMark):
		return errors.New("want a path that begins with one \"/\", without empty, \".\" and \"..\" segments and one that begins with \"~1.\", backslash, NUL, \"%2F\" and a bare \";\"")
	case u.Fragment != "" || u.User != nil:
		return errors.New("want a URL without a fragment and a user")
	}
	return nil
}

func (l *Links) token(u *url.URL, g *Grant, kind string) (*link, string, error) {
	if err := signable(u); err != nil {
		return nil, "", err
	}
	switch {
	case g.ThisHost && u.Host == "":
		return nil, "", errors.New("ThisHost wants a URL with a host")
	case g.ThisHost && strings.ContainsFunc(u.Host, func(c rune) bool { return c >= utf8.RuneSelf }):
		return nil, "", fmt.Errorf("ThisHost wants the host %q as clients name it, in ASCII (xn--)", u.Host)
	case kind == kindPrefix && !strings.HasSuffix(u.Path, "/"):
		return nil, "", errors.New("want a path that ends in \"/\", since it is a prefix")
	case kind == kindPrefix && (u.RawQuery != "" || u.ForceQuery):
		return nil, "", errors.New("want a URL without a query, since a prefix has none that is signed")
	case kind == kindPrefix && (g.Name != "" || g.Times != 0):
		return nil, "", fmt.Errorf("want a Grant without Name %q and Times %d, since a prefix is for several files", g.Name, g.Times)
	}
	params, err := url.ParseQuery(u.RawQuery)
	if err != nil {
		return nil, "", fmt.Errorf("query: %w", err)
	}
	for _, name := range []string{tokenParam, ""} {
		if params.Has(name) {
			return nil, "", fmt.Errorf("the query has a parameter %q, want another name", name)
		}
	}
	if g.Times > 0 && g.ID == "" {
		g.ID = rand.Text()
	}
	now := l.now()
	k := l.keys.signing(now)
	if k == nil {
		return nil, "", errors.New("no key signs now")
	}
	signed, c, err := g.link(kind, u.Path, params)
	if err != nil {
		return nil, "", err
	}
	expiry, _ := number(signed.expiry, longestDate)
	if end := time.Unix(expiry, 0); !end.After(now) {
		return nil, "", fmt.Errorf("its Expires %s is over", end.UTC().Format(time.RFC3339))
	} else if !g.NotBefore.IsZero() && g.NotBefore.Unix() >= expiry {
		return nil, "", fmt.Errorf("it would expire at %s, before NotBefore %s", end.UTC().Format(time.RFC3339), g.NotBefore.UTC().Format(time.RFC3339))
	} else if !k.acceptUntil.IsZero() && end.After(k.acceptUntil) {
		return nil, "", fmt.Errorf("it would expire at %s, but the key %s is accepted until %s only", end.UTC().Format(time.RFC3339), k.id, k.acceptUntil.UTC().Format(time.RFC3339))
	}
	if g.ThisHost {
		u.Host = withoutUsualPort(u)
		signed.host = hostOf(u.Host)
		c[claimHost] = "1"
	}
	encoded := "-"
	if text := c.text(); len(text) > 0 {
		encoded = base64.RawURLEncoding.EncodeToString(text)
	}
	return signed, "1." + k.id + "." + signed.expiry + "." + encoded + "." + k.mac(signed), nil
}

// link returns what g permits for a path, and the claims that a URL shows.
func (g *Grant) link(kind, path string, params url.Values) (*link, *claims, error) {
	if g.Expires.IsZero() {
		return nil, nil, errors.New("its Expires is not set")
	}
	if g.Window < 0 || g.Times < 0 {
		return nil, nil, fmt.Errorf("its Window %v or Times %d is negative", g.Window, g.Times)
	}
	if !isText(g.Name) || !isText(g.ID) {
		return nil, nil, fmt.Errorf("its Name %q or ID %q is not UTF-8, has control characters or more than 255 bytes", g.Name, g.ID)
	}
	s := &link{
		kind: kind, path: path, query: params.Encode(), notBefore: seconds(g.NotBefore), expiry: strconv.FormatInt(g.inWindow(path), 10),
		name: g.Name, disposition: g.Disposition, id: g.ID, session: g.Session, version: g.Version,
	}
	if g.Network.IsValid() {
		s.network = g.Network.Masked().String()
	} else if g.Network.Addr().IsValid() {
		return nil, nil, errors.New("its Network has an address but no valid length of its prefix")
	}
	if strings.HasPrefix(s.network, "::ffff:") {
		return nil, nil, fmt.Errorf("its Network %s is an IPv4 network in IPv6, want it as IPv4", s.network)
	}
	if g.Times > 0 {
		s.times = strconv.Itoa(g.Times)
	}
	c := &claims{
		claimNotBefore: s.notBefore, claimName: s.name, claimDisposition: s.disposition, claimNetwork: s.network,
		claimTimes: s.times, claimID: s.id, claimQuery: queryNames(params),
	}
	if kind == kindPrefix {
		c[claimPrefix] = strconv.Itoa(strings.Count(path, "/"))
	}
	if _, ok := number(s.expiry, longestDate); !ok {
		return nil, nil, fmt.Errorf("its Expires %v is not between 1970 and 5138", g.Expires)
	}
	if len(c[claimQuery]) > 2000 {
		return nil, nil, errors.New("the names of its query parameters have more than 2000 bytes")
	}
	if !c.valid() {
		return nil, nil, fmt.Errorf("its NotBefore %v, Disposition %q or Times %d is wrong; want a time from 1970 on, \"attachment\", \"inline\" or \"\", and fewer than 1e9", g.NotBefore, g.Disposition, g.Times)
	}
	return s, c, nil
}

// withoutUsualPort returns the host and port of u as clients name them in a request: without
// the port if it is the usual one of the scheme, or empty.
func withoutUsualPort(u *url.URL) string {
	switch host := strings.TrimSuffix(u.Host, ":"); u.Scheme {
	case "http":
		return strings.TrimSuffix(host, ":80")
	case "https":
		return strings.TrimSuffix(host, ":443")
	default:
		return host
	}
}

// hostOf returns a host as it is signed.
func hostOf(host string) string { return strings.ToLower(host) }
