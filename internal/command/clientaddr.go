package command

import (
	"net"
	"net/http"
	"net/netip"
	"strings"

	"github.com/downloadview/downloadview/internal/config"
)

// trustedPeers are the proxies whose X-Forwarded-For and Forwarded are used for the
// client's address, in the log and for links that are limited to a network. nil has
// none.
type trustedPeers struct {
	unix     bool // all peers on a unix socket
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

// client returns the client's address of r, without a port. It is the address of the
// peer, or "unix". If the peer is trusted, client reads the addresses of
// X-Forwarded-For, or of Forwarded without that field, from right to left and returns
// the first that isn't a trusted proxy's. Each proxy appends its own peer, so a client
// can only invent addresses further to the left. Text that is not an address ends the
// search.
func (t *trustedPeers) client(r *http.Request) string {
	if t == nil {
		return remoteHost(r)
	}
	addr, ok := peerOf(r)
	if !t.trusts(addr) {
		return remoteHost(r)
	}
	for hop := range hops(r.Header) {
		if hop == "unix:" && t.unix { // nginx's name for a peer on a socket
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

// trusts reports whether addr is a trusted proxy's. The zero Addr means a peer on a
// unix socket.
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

// peerOf returns the address of the peer, and false for a peer on a unix socket.
func peerOf(r *http.Request) (netip.Addr, bool) {
	a, err := netip.ParseAddrPort(r.RemoteAddr)
	return a.Addr().WithZone("").Unmap(), err == nil
}

// remoteHost returns the address of the peer without its port, or "unix" for a peer on
// a unix socket.
func remoteHost(r *http.Request) string {
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		return "unix"
	}
	return host
}

// parseHop reads an address in the forms that proxies write, with or without a port.
func parseHop(s string) (netip.Addr, bool) {
	addr, err := netip.ParseAddr(strings.TrimSuffix(strings.TrimPrefix(s, "["), "]"))
	if err != nil {
		var withPort netip.AddrPort
		withPort, err = netip.ParseAddrPort(s)
		addr = withPort.Addr()
	}
	return addr.WithZone("").Unmap(), err == nil
}
