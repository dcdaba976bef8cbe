package accel

import (
	"fmt"
	"net"
	"net/http"
	"net/netip"
)

// From says which requests come from the proxy, by the connection they came on.
// The zero value is all of them.
//
// The address is that of [http.Request.RemoteAddr]. Middleware that writes there
// what a header field says, such as X-Forwarded-For, must stand further in: it
// would have anybody pass for the proxy.
type From struct {
	limited  bool
	unix     bool
	prefixes []netip.Prefix
}

// ParseFrom reads a list of addresses ("127.0.0.1", "::1"), address ranges
// ("10.0.0.0/8"), and "unix" for whoever connects to a unix socket. An empty
// list is the zero value.
func ParseFrom(list ...string) (From, error) {
	var f From
	for _, s := range list {
		f.limited = true
		if s == "unix" {
			f.unix = true
			continue
		}
		p, err := netip.ParsePrefix(s)
		if err != nil {
			var addr netip.Addr
			if addr, err = netip.ParseAddr(s); err != nil || addr.Zone() != "" {
				return From{}, fmt.Errorf("accel: %q is where no request comes from; want an address such as 127.0.0.1, a range such as 10.0.0.0/8, or unix", s)
			}
			addr = addr.Unmap()
			p = netip.PrefixFrom(addr, addr.BitLen())
		}
		f.prefixes = append(f.prefixes, p.Masked())
	}
	return f, nil
}

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
