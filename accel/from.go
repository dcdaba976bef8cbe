package accel

import (
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/netip"
)

// From says which requests come from the proxy, by the address of their connection.
// The zero value accepts every request as coming from the proxy.
//
// The address is that of [http.Request.RemoteAddr]. Don't put middleware that
// replaces RemoteAddr by a header field, such as X-Forwarded-For, around the
// handler: any client could then pretend to be the proxy.
type From struct {
	limited  bool
	unix     bool
	prefixes []netip.Prefix
}

// ParseFrom reads a list of addresses ("127.0.0.1", "::1"), address ranges
// ("10.0.0.0/8"), and "unix" for all connections to a unix socket. An empty list
// and an empty element are errors, so that a variable that isn't set doesn't accept
// every request, as the zero value does. If ParseFrom returns an error, the From
// accepts no request.
func ParseFrom(list ...string) (From, error) {
	if len(list) == 0 {
		return nobody, errors.New("accel: the list of the proxy's addresses is empty; want an address such as 127.0.0.1, or From{} to accept every request")
	}
	f := nobody
	for _, s := range list {
		if s == "unix" {
			f.unix = true
			continue
		}
		p, err := netip.ParsePrefix(s)
		if err != nil {
			var addr netip.Addr
			if addr, err = netip.ParseAddr(s); err != nil || addr.Zone() != "" {
				return nobody, fmt.Errorf("accel: %q is not an IP address; want an address such as 127.0.0.1, a range such as 10.0.0.0/8, or unix", s)
			}
			p = netip.PrefixFrom(addr, addr.BitLen())
		}
		if a := p.Addr(); a.Is4In6() { // includes compares it with IPv4 addresses
			if p.Bits() < 96 {
				return nobody, fmt.Errorf("accel: %q is an IPv4 address with a length below 96, which holds other IPv6 addresses; want a range such as 10.0.0.0/8", s)
			}
			p = netip.PrefixFrom(a.Unmap(), p.Bits()-96)
		}
		f.prefixes = append(f.prefixes, p.Masked())
	}
	return f, nil
}

// nobody accepts no request.
var nobody = From{limited: true}

func (f *From) excludes(r *http.Request) bool { return f.limited && !f.includes(r) }

func (f *From) includes(r *http.Request) bool {
	if r == nil {
		return false
	}
	if local, ok := r.Context().Value(http.LocalAddrContextKey).(net.Addr); ok && local.Network() == "unix" {
		return f.unix
	}
	remote, err := netip.ParseAddrPort(r.RemoteAddr)
	if err != nil {
		return false
	}
	addr := remote.Addr().Unmap().WithZone("")
	for _, p := range f.prefixes {
		if p.Contains(addr) {
			return true
		}
	}
	return false
}
