package nginx_test

import (
	"io"
	"net"
	"strings"
	"testing"

	"github.com/downloadview/downloadview/internal/proxytest"
)

// For a client of HTTP/1.0 that names no host, the application sees the address of the
// server, with its port: $host would have none, and be empty in a server without a name.
func TestHostOfTheAddress(t *testing.T) {
	f := proxytest.NewFront(t, "nginx", nil)
	c, err := net.Dial("tcp", f.Addr)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if _, err := io.WriteString(c, "GET /a HTTP/1.0\r\n\r\n"); err != nil {
		t.Fatal(err)
	}
	if answer, err := io.ReadAll(c); err != nil || !strings.HasSuffix(string(answer), "\r\n\r\nGET /a "+f.Addr) {
		t.Errorf("the application sees another host than %s: %s, %v", f.Addr, answer, err)
	}
}
