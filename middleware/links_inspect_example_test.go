package middleware_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"time"

	"github.com/downloadview/downloadview/middleware"
)

// A support page: what a link says that a customer has trouble with.
func ExampleLinks_Inspect() {
	links := middleware.NewLinks(exampleKeys, &middleware.LinksOptions{
		ClientIP: func(*http.Request) netip.Addr { return netip.MustParseAddr("198.51.100.1") },
	})
	link, err := links.Sign("/invoice.pdf", middleware.Grant{
		Expires: time.Now().Add(time.Hour),
		Network: netip.MustParsePrefix("192.0.2.0/24"),
		ID:      "customer-7",
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	info, err := links.Inspect(httptest.NewRequest("GET", link, nil))
	fmt.Println(info.Path, "for", info.Network, "and", info.ID)
	fmt.Println(err)
	// Output:
	// /invoice.pdf for 192.0.2.0/24 and customer-7
	// link refused: other network (id "customer-7")
}
