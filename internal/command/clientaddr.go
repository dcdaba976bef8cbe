package command

import (
	"net"
	"net/http"
	"net/netip"
	"strings"

	"github.com/downloadview/downloadview/internal/config"
)

// trustedPeers are the proxies whose word is taken for where a request comes
// from, in the log alone. nil are none.
type trustedPeers struct {
	unix     bool // whoever connects to a unix socket
	networks []netip.Prefix
}

// parseTrusted reads addresses, networks and "unix". An empty list is nil.
func parseTrusted(list []string) (*trustedPeers, error) {
	if len(list) == 0 {
		return nil, nil
	}
	t := new(trustedPeers)
	for _, s := range list {
		if _, err := config.ParsePeer(s); err != nil {
			return nil, usageErrorf("--trusted-proxies: %q %w", s, err)
		}
		if s == "unix" {
			t.unix = true
			continue
		}
		network, err := netip.ParsePrefix(s)
		if err != nil {
			addr := netip.MustParseAddr(s).WithZone("").Unmap()
			network = netip.PrefixFrom(addr, addr.BitLen())
		}
		t.networks = append(t.networks, network)
	}
	return t, nil
}

// client returns the address that r comes from, without a port: that of the
// peer, or "unix". Where the peer is trusted, it is the last address of the chain
// that X-Forwarded-For tells, or else Forwarded, that isn't a trusted proxy's:
// each proxy adds its own peer behind what it got, so that what is further to
// the left is a client's invention. What is no address ends the chain.
func (t *trustedPeers) client(r *http.Request) string {
	if t == nil {
		return remoteHost(r)
	}
	addr, ok := peerOf(r)
	if !t.trusts(addr) {
		return remoteHost(r)
	}
	for hop := range hops(r.Header) {
		if hop == "unix:" && t.unix { // nginx calls the peer so
			continue
		}
		next, isAddr := parseHop(hop)
		if !isAddr {
			break
		}
		addr, ok = next, true
		if !t.trusts(addr) {
			break
		}
	}
	if !ok {
		return remoteHost(r)
	}
	return addr.String()
}

// trusts takes the zero Addr for the peer on a unix socket.
func (t *trustedPeers) trusts(addr netip.Addr) bool {
	if !addr.IsValid() {
		return t.unix
	}
	for _, n := range t.networks {
		if n.Contains(addr) {
			return true
		}
	}
	return false
}

// peerOf returns the address of the peer; false for a unix socket, which has none.
func peerOf(r *http.Request) (netip.Addr, bool) {
	a, err := netip.ParseAddrPort(r.RemoteAddr)
	return a.Addr().WithZone("").Unmap(), err == nil
}

// remoteHost is the address of the peer without its port. A peer on a unix
// socket has no address.
func remoteHost(r *http.Request) string {
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		return "unix"
	}
	return host
}

// parseHop reads an address as proxies write them, with a port or without.
func parseHop(s string) (netip.Addr, bool) {
	addr, err := netip.ParseAddr(strings.TrimSuffix(strings.TrimPrefix(s, "["), "]"))
	if err != nil {
		var withPort netip.AddrPort
		withPort, err = netip.ParseAddrPort(s)
		addr = withPort.Addr()
	}
	return addr.WithZone("").Unmap(), err == nil
}
