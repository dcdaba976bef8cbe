package middleware

import (
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"net/url"
	"strconv"
	"strings"
	"time"
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
	u, err := url.Parse(rawURL)
	if err != nil {
		return "", fmt.Errorf("sign a link: %w", err)
	}
	c, err := l.sign(u, &g)
	if err != nil {
		return "", fmt.Errorf("sign a link for %q: %w", u.Path, err)
	}
	return c, nil
}

func (l *Links) sign(u *url.URL, g *Grant) (string, error) {
	switch {
	case !unambiguous(u):
		return "", errors.New("want a path that begins with one \"/\", without empty, \".\" and \"..\" segments, backslash, NUL, \"%2F\" and a bare \";\"")
	case u.Fragment != "" || u.User != nil:
		return "", errors.New("want a URL without a fragment and a user")
	case g.ThisHost && u.Host == "":
		return "", errors.New("ThisHost wants a URL with a host")
	}
	params, err := url.ParseQuery(u.RawQuery)
	if err != nil {
		return "", fmt.Errorf("query: %w", err)
	}
	for _, name := range []string{tokenParam, ""} {
		if params.Has(name) {
			return "", fmt.Errorf("the query has a parameter %q, want another name", name)
		}
	}
	if g.Times > 0 && g.ID == "" {
		g.ID = rand.Text()
	}
	now := l.now()
	k := l.keys.signing(now)
	if k == nil {
		return "", errors.New("no key signs now")
	}
	signed, c, err := g.link(u.Path, params)
	if err != nil {
		return "", err
	}
	expiry, _ := number(signed.expiry, longestDate)
	if end := time.Unix(expiry, 0); !end.After(now) {
		return "", fmt.Errorf("its Expires %s is over", end.UTC().Format(time.RFC3339))
	} else if !g.NotBefore.IsZero() && g.NotBefore.Unix() >= expiry {
		return "", fmt.Errorf("it would expire at %s, before NotBefore %s", end.UTC().Format(time.RFC3339), g.NotBefore.UTC().Format(time.RFC3339))
	} else if !k.acceptUntil.IsZero() && end.After(k.acceptUntil) {
		return "", fmt.Errorf("it would expire at %s, but the key %s is accepted until %s only", end.UTC().Format(time.RFC3339), k.id, k.acceptUntil.UTC().Format(time.RFC3339))
	}
	if g.ThisHost {
		signed.host = hostOf(u.Host)
		c[claimHost] = "1"
	}
	encoded := "-"
	if text := c.text(); len(text) > 0 {
		encoded = base64.RawURLEncoding.EncodeToString(text)
	}
	m := k.macs.Get().(*linkMAC)
	mac := string(m.of(signed, k.id))
	k.macs.Put(m)
	text := "1." + k.id + "." + signed.expiry + "." + encoded + "." + mac
	link := url.URL{Scheme: u.Scheme, Host: u.Host, Path: u.Path, RawQuery: signed.query}
	if strings.Contains(u.Path, ";") {
		link.RawPath = strings.ReplaceAll(link.EscapedPath(), ";", "%3B")
	}
	if link.RawQuery != "" {
		link.RawQuery += "&"
	}
	link.RawQuery += tokenParam + "=" + text
	return link.String(), nil
}

// link returns what g permits for a path, and the claims that a URL shows.
func (g *Grant) link(path string, params url.Values) (*link, *claims, error) {
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
		path: path, query: params.Encode(), notBefore: seconds(g.NotBefore), expiry: strconv.FormatInt(g.inWindow(path), 10),
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

// hostOf returns a host as it is signed.
func hostOf(host string) string { return strings.ToLower(host) }

// of returns the MAC of a link as characters, which are m's until it is asked again.
func (m *linkMAC) of(l *link, keyID string) []byte {
	m.text = l.canonical(m.text[:0], keyID)
	m.hash.Reset()
	m.hash.Write(m.text)
	m.sum = m.hash.Sum(m.sum[:0])
	return base64.RawURLEncoding.AppendEncode(m.sum, m.sum)[len(m.sum):][:macLen]
}
