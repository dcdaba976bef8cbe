package middleware

import (
	"crypto/subtle"
	"encoding/base64"
	"errors"
	"fmt"
	"net/http"
	"net/netip"
	"time"

	"github.com/downloadview/downloadview"
)

// verify returns what the link of a request permits, also if it is genuine and refused.
// A browser sends its cookies with each request, so they are looked at only if the URL
// has no token.
func (l *Links) verify(r *http.Request) (g link, err error) {
	raw, n := tokenOf(r.URL.RawQuery)
	inPath, path, ok := cutToken(r.URL.Path)
	var cookies []string
	switch {
	case ok:
		n++
	case n > 0:
		ok = true
	default:
		if cookies, ok = cookieTokens(r.Header); ok && len(cookies) == 0 {
			return g, &LinkError{Reason: LinkMissing}
		}
	}
	switch {
	case r.Method != http.MethodGet && r.Method != http.MethodHead:
		return g, &LinkError{Reason: LinkMethod}
	case !ok || n > 1 || path == "" || !unambiguous(r.URL):
		return g, &LinkError{Reason: LinkMalformed}
	case len(cookies) > 0:
		return l.verifyCookies(r, cookies)
	case inPath != "":
		err = l.verifyToken(&g, r, found{inPath, kindPrefix, path}, nil)
	default:
		err = l.verifyToken(&g, r, found{raw, kindFile, path}, nil)
	}
	return g, err
}

// found is a token in a request: its text, the kind that is signed there, and the path
// without it.
type found struct{ token, kind, path string }

// verifyCookies returns what the first valid token permits. If none is valid, the error
// is that of the first genuine one, else of the first.
func (l *Links) verifyCookies(r *http.Request, tokens []string) (link, error) {
	b, err := l.bindings(r, r.URL.Path)
	if err != nil {
		return link{}, err
	}
	var refused error
	var first link // genuine
	genuine := false
	for _, raw := range tokens {
		var g link
		err := l.verifyToken(&g, r, found{raw, kindPrefix, r.URL.Path}, &b)
		if err == nil {
			return g, nil
		}
		e, isRefusal := errors.AsType[*LinkError](err)
		if of := !isRefusal || e.isGenuine(); refused == nil || of && !genuine {
			refused, genuine, first = err, of, g
		}
	}
	return first, refused
}

// bindings are what the application says that a request may use.
type bindings struct{ session, version string }

// bindings asks for them with a request that has path.
func (l *Links) bindings(r *http.Request, path string) (b bindings, err error) {
	if path != r.URL.Path && (l.o.Session != nil || l.o.Version != nil) {
		r = withoutLink(r, path, "")
	}
	if l.o.Session != nil {
		b.session = l.o.Session(r)
	}
	if l.o.Version != nil {
		b.version, err = l.o.Version(r)
	}
	return b, err
}

// verifyToken sets g to what a token permits. If b is nil, it asks for the bindings.
func (l *Links) verifyToken(g *link, r *http.Request, f found, b *bindings) error {
	t, ok := parseToken(f.token)
	if !ok {
		return &LinkError{Reason: LinkMalformed}
	}
	now := l.now()
	k := l.keys.byID(t.keyID)
	if k == nil || !k.accepts(now) {
		return &LinkError{Reason: LinkUnknownKey}
	}
	g.kind, g.path, g.expiry = f.kind, f.path, t.expiry
	m := k.macs.Get().(*linkMAC)
	defer k.macs.Put(m)
	if t.claims != "-" {
		if reason := g.take(t.claims, m, r); reason != "" {
			return &LinkError{Reason: reason}
		}
	} else if f.kind == kindPrefix {
		return &LinkError{Reason: LinkMalformed}
	}
	if b == nil {
		asked, err := l.bindings(r, f.path)
		if err != nil {
			return err
		}
		b = &asked
	}
	g.session, g.version = b.session, b.version
	m.asked = append(m.asked[:0], t.mac...)
	if subtle.ConstantTimeCompare(m.of(g, t.keyID), m.asked) != 1 {
		return &LinkError{Reason: LinkAltered}
	}
	if err := g.refusal(now, l, r); err != nil {
		return err
	}
	if g.times != "" {
		if l.o.Leases == nil {
			return &LinkError{Reason: LinkCounted, ID: g.id}
		}
		g.claim = l.claimOf(g, k, t.mac, r)
	}
	return nil
}

// take reads the claims of a token, and returns "" or what is wrong. m lends its memory.
func (g *link) take(encoded string, m *linkMAC, r *http.Request) LinkReason {
	m.text = append(m.text[:0], encoded...)
	var err error
	if m.claims, err = strictBase64URL.AppendDecode(m.claims[:0], m.text); err != nil {
		return LinkMalformed
	}
	var c claims
	if !c.parse(string(m.claims)) || (c[claimPrefix] != "") != (g.kind == kindPrefix) {
		return LinkMalformed
	}
	if c[claimHost] != "" {
		g.host = hostOf(r.Host)
	}
	g.notBefore, g.name, g.disposition = c[claimNotBefore], c[claimName], c[claimDisposition]
	g.network, g.times, g.id = c[claimNetwork], c[claimTimes], c[claimID]
	if names := c[claimQuery]; names != "" {
		var ok bool
		if g.query, ok = signedQuery(r.URL.RawQuery, names); !ok {
			return LinkAltered
		}
	}
	if slashes := c[claimPrefix]; slashes != "" {
		n, _ := number(slashes, 4)
		var ok bool
		if g.path, ok = cutPrefix(g.path, n); !ok {
			return LinkAltered
		}
	}
	return ""
}

var strictBase64URL = base64.RawURLEncoding.Strict()

// refusal returns why a genuine link is not valid here and now.
func (g *link) refusal(now time.Time, l *Links, r *http.Request) error {
	if end := g.end(); !now.Before(end) {
		return &LinkError{Reason: LinkExpired, ID: g.id, Time: end}
	}
	if g.notBefore != "" {
		n, _ := number(g.notBefore, longestDate)
		if begin := time.Unix(n, 0); now.Before(begin) {
			return &LinkError{Reason: LinkEarly, ID: g.id, Time: begin}
		}
	}
	if g.network != "" {
		if p, err := netip.ParsePrefix(g.network); err != nil || !p.Contains(l.clientIP(r)) {
			return &LinkError{Reason: LinkOtherNetwork, ID: g.id}
		}
	}
	if g.id != "" && l.o.Revoked != nil {
		revoked, err := l.o.Revoked(r.Context(), g.id)
		if err != nil {
			return &downloadview.StatusError{Status: http.StatusServiceUnavailable, Err: fmt.Errorf("whether a link is revoked: %w", err)}
		}
		if revoked {
			return &LinkError{Reason: LinkRevoked, ID: g.id}
		}
	}
	return nil
}

// end returns when the link expires.
func (g *link) end() time.Time {
	n, _ := number(g.expiry, longestDate)
	return time.Unix(n, 0)
}
