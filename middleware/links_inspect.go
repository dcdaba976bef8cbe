package middleware

import (
	"net/http"
	"net/netip"
	"strconv"
	"time"
)

// A LinkInfo is what a genuine link says.
type LinkInfo struct {
	Grant        // without Window, Session and Version, which a link doesn't show
	Path  string // decoded: the path that the link is for
	Query string // the signed parameters, as [url.Values.Encode] writes them
}

// Inspect returns what the link of r says, and the error with which [Links.Handler]
// would refuse r, or nil. It is for support and for pages of errors. If the error is a
// *[LinkError] with the reason LinkExpired, LinkEarly, LinkOtherNetwork or LinkCounted,
// the link is genuine, and the LinkInfo is that of the link. If the link is not genuine,
// the LinkInfo is the zero value, since nothing in such a link can be trusted.
//
// Inspect asks ClientIP, Session and Version as Handler does, and logs nothing.
func (l *Links) Inspect(r *http.Request) (LinkInfo, error) {
	g, err := l.verify(r)
	if g.expiry == "" {
		return LinkInfo{}, err
	}
	return g.info(), err
}

// info returns what g says. g is genuine.
func (g *link) info() LinkInfo {
	info := LinkInfo{
		Grant: Grant{
			Expires: g.end(), Name: g.name, Disposition: g.disposition, ThisHost: g.host != "", ID: g.id,
		},
		Path: g.path, Query: g.query,
	}
	if begin, ok := number(g.notBefore, longestDate); ok {
		info.NotBefore = time.Unix(begin, 0)
	}
	info.Network, _ = netip.ParsePrefix(g.network) // "" is the zero value
	info.Times, _ = strconv.Atoi(g.times)
	return info
}
