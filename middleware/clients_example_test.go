package middleware_test

import (
	"fmt"
	"net/http/httptest"
	"net/netip"

	"github.com/downloadview/downloadview/middleware"
)

// The client's address behind a proxy in 10.0.0.0/8, and the network that limits count as
// one client.
func ExampleClients() {
	clients := middleware.NewClients(&middleware.ClientsOptions{
		Proxies: []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8")},
	})

	r := httptest.NewRequest("GET", "/reports/17", nil)
	r.RemoteAddr = "10.0.0.1:40000"
	r.Header.Set("X-Forwarded-For", "198.51.100.7, 2001:db8:1:2::99") // the first one is invented
	fmt.Println(clients.IP(r), clients.Network(r))

	r.RemoteAddr = "192.0.2.1:40000" // not through the proxy
	fmt.Println(clients.IP(r))
	// Output:
	// 2001:db8:1:2::99 2001:db8:1:2::/64
	// 192.0.2.1
}
