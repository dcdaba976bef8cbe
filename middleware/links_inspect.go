package middleware

import (
	"errors"
	"net/http"
	"net/netip"
	"strconv"
	"time"
)

// A LinkInfo is what a genuine link says.
type LinkInfo struct {
	Grant         // without Window, Session and Version, which a link doesn't show
	Path   string // decoded: the path that the link is for
	Prefix bool   // the link is for all files below Path, which ends in "/"
	Query  string // the signed parameters, as [url.Values.Encode] writes them
}

// Inspect returns what the link of r says, and the error with which [Links.Handler]
// would refuse r, or nil. It is for support and for pages of errors. If the error is a
// *[LinkError] with the reason LinkExpired, LinkEarly, LinkOtherNetwork, LinkRevoked or
// LinkCounted, the link is genuine, and the LinkInfo is that of the link. After any
// other error the LinkInfo is the zero value, since nothing in a link that isn't genuine
// can be trusted.
//
// Inspect asks the functions of [LinksOptions] as Handler does, but for Refused, and
// logs nothing.
func (l *Links) Inspect(r *http.Request) (LinkInfo, error) {
	g, err := l.verify(r)
	if e, ok := errors.AsType[*LinkError](err); err == nil || ok && e.isGenuine() {
		return g.info(), err
	}
	return LinkInfo{}, err
}

// LinkOf returns what the link says that let r in. r is the request of a handler below
// [Links.Handler], of a view below [Links.View], or of an Observer of such a handler; ok is
// false for others. LinkOf doesn't verify the link again, and asks nobody.
func LinkOf(r *http.Request) (info LinkInfo, ok bool) {
	a, ok := r.Context().Value(admissionKey{}).(*admission)
	if !ok {
		return LinkInfo{}, false
	}
	return a.grant.info(), true
}

// info returns what g says. g is genuine.
func (g *link) info() LinkInfo {
	info := LinkInfo{
		Grant: Grant{
			Expires: g.end(), Name: g.name, Disposition: g.disposition, ThisHost: g.host != "", ID: g.id,
		},
		Path: g.path, Prefix: g.kind == kindPrefix, Query: g.query,
	}
	if begin, ok := number(g.notBefore, longestDate); ok {
		info.NotBefore = time.Unix(begin, 0)
	}
	info.Network, _ = netip.ParsePrefix(g.network) // "" is the zero value
	info.Times, _ = strconv.Atoi(g.times)
	return info
}
