package middleware

import (
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"slices"
	"strings"
)

// Clients finds the addresses of clients, for all that depends on them: limits, the
// network of a link ([LinksOptions]), a log. The zero value, as [NewClients] makes it
// from nil options, takes the address of the connection. Several goroutines may use it.
//
// Behind proxies, that address is a proxy's. The addresses that the proxies write into
// X-Forwarded-For, or into Forwarded if there is no X-Forwarded-For, are read from right
// to left: each proxy appends the address of its own peer, so a client can only invent
// addresses further to the left. The first address that isn't a proxy's is the client's.
// Both fields are ignored if the connection doesn't come from one of the proxies.
//
// Each proxy has to append, or to replace what the client sent. A proxy that passes the
// fields on as they are lets clients choose their address.
//
// Unlike ClientIPFromXFF of chi, Clients reads Forwarded and addresses with a port, and
// knows proxies that connect through a unix socket.
type Clients struct {
	sockets  bool
	networks []netip.Prefix
}

// ClientsOptions are the options of [NewClients].
type ClientsOptions struct {
	// Proxies are the addresses and networks of the proxies in front. IPv4 networks
	// also mean the same addresses in IPv6 (::ffff:0:0/96).
	Proxies []netip.Prefix

	// ProxySockets says that all connections through a unix socket come from a proxy.
	// Its name "unix:" in X-Forwarded-For, which nginx writes, is then a proxy, too.
	ProxySockets bool
}

// NewClients returns Clients behind the proxies of o; nil options mean that there is no
// proxy. It panics if a network isn't valid.
func NewClients(o *ClientsOptions) *Clients {
	c := new(Clients)
	if o == nil {
		return c
	}
	c.sockets = o.ProxySockets
	for _, p := range o.Proxies {
		if !p.IsValid() {
			panic(fmt.Sprintf("middleware: NewClients: proxy %v is not a network", p))
		}
		if a := p.Addr(); a.Is4In6() && p.Bits() >= 96 {
			p = netip.PrefixFrom(a.Unmap(), p.Bits()-96)
		}
		c.networks = append(c.networks, p.Masked())
	}
	return c
}

// IP returns the address of the client of r: an IPv4 address as such and an IPv6 address
// without a zone. If all addresses are those of proxies, it is the one furthest to the
// left.
//
// The address is invalid if it isn't known: the connection is one of a unix socket and
// no proxy names an address, or an element that a proxy should have written can't be
// read. It is not the address of that proxy then, because a client can make some proxies
// write such an element, for example by an open quote in Forwarded.
func (c *Clients) IP(r *http.Request) netip.Addr {
	ip, ok := peerOf(r)
	if ok && !c.isProxy(ip) || !ok && !c.sockets {
		return ip
	}
	for hop := range hops(r.Header) {
		if hop == "unix:" && c.sockets { // nginx's name for a peer on a socket
			continue
		}
		if ip, ok = parseHop(hop); !ok {
			return netip.Addr{}
		}
		if !c.isProxy(ip) {
			return ip
		}
	}
	return ip
}

// Network returns the network that counts as one client: an IPv4 address alone, and
// the /64 of an IPv6 address, since one line usually has as many addresses. It is
// invalid if [Clients.IP] is.
func (c *Clients) Network(r *http.Request) netip.Prefix {
	ip := c.IP(r)
	if ip.Is6() {
		return netip.PrefixFrom(ip, 64).Masked()
	}
	return netip.PrefixFrom(ip, ip.BitLen())
}

// Key returns [Clients.Network] as text, as the key of limits. All clients whose
// address isn't known have the key "unknown".
func (c *Clients) Key(r *http.Request) string {
	n := c.Network(r)
	if !n.IsValid() {
		return "unknown"
	}
	return n.String()
}

// IsProxy reports whether connections from peer come from a proxy.
func (c *Clients) IsProxy(peer net.Addr) bool {
	if a, ok := peer.(*net.TCPAddr); ok {
		return c.isProxy(a.AddrPort().Addr().Unmap().WithZone(""))
	}
	return c.sockets && peer.Network() == "unix"
}

// isProxy reports whether ip is in the network of a proxy.
func (c *Clients) isProxy(ip netip.Addr) bool {
	return slices.ContainsFunc(c.networks, func(n netip.Prefix) bool { return n.Contains(ip) })
}

// peerOf returns the address of the connection; it isn't valid for a unix socket.
func peerOf(r *http.Request) (ip netip.Addr, ok bool) {
	if a, err := netip.ParseAddrPort(r.RemoteAddr); err == nil {
		return a.Addr().Unmap().WithZone(""), true
	}
	ip, err := netip.ParseAddr(r.RemoteAddr)
	return ip.Unmap().WithZone(""), err == nil
}

// parseHop reads an address in the forms that proxies write, with or without a port.
// The result has no zone and is never an IPv4 address inside of an IPv6 one, so that a
// client has no second spelling for an address.
func parseHop(s string) (ip netip.Addr, ok bool) {
	ip, err := netip.ParseAddr(s)
	if inside, found := strings.CutPrefix(s, "["); err != nil && found {
		if inside, found = strings.CutSuffix(inside, "]"); found {
			ip, err = netip.ParseAddr(inside)
		}
	}
	if err != nil {
		var withPort netip.AddrPort
		withPort, err = netip.ParseAddrPort(s)
		ip = withPort.Addr()
	}
	return ip.Unmap().WithZone(""), err == nil
}
