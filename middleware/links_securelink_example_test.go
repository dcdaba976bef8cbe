package middleware_test

import (
	"fmt"
	"strings"
	"time"

	"github.com/downloadview/downloadview/middleware"
)

// A link that an nginx without njs verifies by itself.
func ExampleLinks_SignSecureLink() {
	links := middleware.NewLinks(exampleKeys, nil)
	link, err := links.SignSecureLink("/reports/q1.pdf", time.Date(2100, 1, 1, 0, 0, 0, 0, time.UTC))
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(link[:strings.LastIndexByte(link, '.')])
	// Output: /reports/q1.pdf?dvn=2026.4102444799
}

// What another server needs to verify links by itself, instead of the keys.
func ExampleKeys_Subkeys() {
	subkeys, err := exampleKeys.Subkeys(middleware.LinkPurpose)
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, k := range subkeys {
		fmt.Println(k.ID, len(k.Secret), "bytes")
	}
	// Output: 2026 32 bytes
}
