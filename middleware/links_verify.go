package middleware

import (
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
	f := found{raw, kindFile, path}
	if ok {
		f = found{inPath, kindPrefix, path}
		n++
	}
	if n == 0 {
		err = l.verifyCookies(&g, r)
	} else if err = checkAsked(r, path, n == 1); err == nil {
		err = l.verifyToken(&g, r, f, nil)
	}
	return g, err
}

// checkAsked refuses a request that no link is for, whatever its token. path is without
// the token; clear is whether it is clear which token counts.
func checkAsked(r *http.Request, path string, clear bool) error {
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		return &LinkError{Reason: LinkMethod}
	}
	if !clear || path == "" || !unambiguous(r.URL) {
		return &LinkError{Reason: LinkMalformed}
	}
	return nil
}

// found is a token in a request: its text, the kind that is signed there, and the path
// without it.
type found struct{ token, kind, path string }

// verifyCookies sets g to what the first valid token permits. If none is valid, the
// error is that of the first genuine one, else of the first.
func (l *Links) verifyCookies(g *link, r *http.Request) error {
	var few [4]linkCookie
	cookies, ok := appendCookies(few[:0], r.Header)
	if ok && len(cookies) == 0 {
		return &LinkError{Reason: LinkMissing}
	}
	path := r.URL.Path
	if err := checkAsked(r, path, ok); err != nil {
		return err
	}
	b, err := l.bindings(r, path)
	if err != nil {
		return err
	}
	var refused error
	var first link // genuine
	genuine := false
	for _, c := range cookies {
		*g = link{}
		err := l.verifyToken(g, r, found{c.value, kindPrefix, path}, &b)
		if err == nil {
			return nil
		}
		e, isRefusal := errors.AsType[*LinkError](err)
		if of := !isRefusal || e.isGenuine(); refused == nil || of && !genuine {
			refused, genuine, first = err, of, *g
		}
	}
	*g = first
	return refused
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
	var room [128]byte // for most claims
	var text []byte
	if n := len(t.claims) * 3 / 4; n <= len(room) {
		text = room[:n]
	} else {
		text = make([]byte, n)
	}
	if !decodeBase64URL(text, t.claims) || !ok {
		return &LinkError{Reason: LinkMalformed}
	}
	now := l.second()
	k := l.keys.byID(t.keyID)
	if k == nil || !k.accepts(now) {
		return &LinkError{Reason: LinkUnknownKey}
	}
	g.kind, g.path, g.expiry = f.kind, f.path, t.expiry
	if t.claims != "-" {
		if !isExact(t.claims) {
			return &LinkError{Reason: LinkMalformed}
		}
		if reason := g.take(string(text), r); reason != "" {
			return &LinkError{Reason: reason}
		}
	} else if f.kind == kindPrefix {
		return &LinkError{Reason: LinkMalformed}
	}
	switch {
	case b != nil:
		g.session, g.version = b.session, b.version
	case l.o.Session != nil || l.o.Version != nil:
		asked, err := l.bindings(r, f.path)
		if err != nil {
			return err
		}
		g.session, g.version = asked.session, asked.version
	}
	if !k.signed(g, &t.sum) {
		return &LinkError{Reason: LinkAltered}
	}
	if err := g.refusal(now, t.expires, l, r); err != nil {
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

// take reads the text of the claims, and returns "" or what is wrong.
func (g *link) take(text string, r *http.Request) LinkReason {
	var c claims
	if !c.parse(text) || (c[claimPrefix] != "") != (g.kind == kindPrefix) {
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

// refusal returns why a genuine link is not valid here and now.
func (g *link) refusal(now time.Time, expires int64, l *Links, r *http.Request) error {
	if now.Unix() >= expires {
		return &LinkError{Reason: LinkExpired, ID: g.id, Time: g.end()}
	}
	if g.notBefore != "" {
		if begin, _ := number(g.notBefore, longestDate); now.Unix() < begin {
			return &LinkError{Reason: LinkEarly, ID: g.id, Time: time.Unix(begin, 0)}
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
