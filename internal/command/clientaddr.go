package command

import (
	"net"
	"net/http"
	"net/netip"

	"github.com/downloadview/downloadview/internal/config"
	"github.com/downloadview/downloadview/middleware"
)

// parseTrusted reads addresses, networks and "unix". An empty list is nil.
func parseTrusted(list []string) (*middleware.Clients, error) {
	if len(list) == 0 {
		return nil, nil
	}
	var o middleware.ClientsOptions
	for _, s := range list {
		if _, err := config.ParsePeer(s); err != nil {
			return nil, usageErrorf("--trusted-proxies: %q %w", s, err)
		}
		if s == "unix" {
			o.ProxySockets = true
			continue
		}
		network, err := netip.ParsePrefix(s)
		if err != nil {
			addr := netip.MustParseAddr(s).WithZone("").Unmap()
			network = netip.PrefixFrom(addr, addr.BitLen())
		}
		o.Proxies = append(o.Proxies, network)
	}
	return middleware.NewClients(&o), nil
}

// remoteOf returns the client of r for the log. nil clients trust no proxy. If the
// client's address isn't known, it is that of the connection.
func remoteOf(clients *middleware.Clients, r *http.Request) string {
	if clients != nil {
		if ip := clients.IP(r); ip.IsValid() {
			return ip.String()
		}
	}
	return remoteHost(r)
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
