package accel

import (
	"errors"
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
// list is an error, as is an empty text in it: an unset variable is not meant to
// be everybody, which is the zero value. With an error the From is nobody.
func ParseFrom(list ...string) (From, error) {
	if len(list) == 0 {
		return nobody, errors.New("accel: an empty list of where requests come from; want an address such as 127.0.0.1, or From{} for everywhere")
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
				return nobody, fmt.Errorf("accel: %q is where no request comes from; want an address such as 127.0.0.1, a range such as 10.0.0.0/8, or unix", s)
			}
			addr = addr.Unmap()
			p = netip.PrefixFrom(addr, addr.BitLen())
		}
		f.prefixes = append(f.prefixes, p.Masked())
	}
	return f, nil
}

// nobody is no request at all.
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
