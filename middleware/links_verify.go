package middleware

import (
	"crypto/subtle"
	"encoding/base64"
	"net/http"
	"net/netip"
	"time"
)

// verify returns what the link of a request permits. A genuine link is returned even if
// it is refused.
func (l *Links) verify(r *http.Request) (link, error) {
	raw, n := tokenOf(r.URL.RawQuery)
	switch {
	case n == 0:
		return link{}, &LinkError{Reason: LinkMissing}
	case r.Method != http.MethodGet && r.Method != http.MethodHead:
		return link{}, &LinkError{Reason: LinkMethod}
	case n > 1 || !unambiguous(r.URL):
		return link{}, &LinkError{Reason: LinkMalformed}
	}
	t, ok := parseToken(raw)
	if !ok {
		return link{}, &LinkError{Reason: LinkMalformed}
	}
	now := l.now()
	k := l.keys.byID(t.keyID)
	if k == nil || !k.accepts(now) {
		return link{}, &LinkError{Reason: LinkUnknownKey}
	}
	g := link{path: r.URL.Path, expiry: t.expiry}
	m := k.macs.Get().(*linkMAC)
	defer k.macs.Put(m)
	if t.claims != "-" {
		if reason := g.take(t.claims, m, r); reason != "" {
			return link{}, &LinkError{Reason: reason}
		}
	}
	if l.o.Session != nil {
		g.session = l.o.Session(r)
	}
	if l.o.Version != nil {
		var err error
		if g.version, err = l.o.Version(r); err != nil {
			return link{}, err
		}
	}
	m.asked = append(m.asked[:0], t.mac...)
	if subtle.ConstantTimeCompare(m.of(&g, t.keyID), m.asked) != 1 {
		return link{}, &LinkError{Reason: LinkAltered}
	}
	return g, g.refusal(now, l, r)
}

// take reads the claims of a token, and returns "" or what is wrong. m lends its memory.
func (g *link) take(encoded string, m *linkMAC, r *http.Request) LinkReason {
	m.text = append(m.text[:0], encoded...)
	var err error
	if m.claims, err = strictBase64URL.AppendDecode(m.claims[:0], m.text); err != nil {
		return LinkMalformed
	}
	var c claims
	if !c.parse(string(m.claims)) {
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
	if g.times != "" {
		return &LinkError{Reason: LinkCounted, ID: g.id}
	}
	return nil
}

// end returns when the link expires.
func (g *link) end() time.Time {
	n, _ := number(g.expiry, longestDate)
	return time.Unix(n, 0)
}
