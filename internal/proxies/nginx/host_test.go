package nginx_test

import (
	"io"
	"net"
	"net/http"
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

// What the application streams isn't compressed, although http {} says so, as that of
// Debian does for HTML.
func TestStreamedIsNotCompressed(t *testing.T) {
	f := proxytest.NewFront(t, "nginx", func(conf string) string {
		return strings.Replace(conf, "http {", "http {\n    gzip on;\n    gzip_types *;\n    gzip_min_length 1;", 1)
	})
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, f.URL+"/page.html", nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Accept-Encoding", "gzip")
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if body, err := io.ReadAll(resp.Body); resp.Header.Get("Content-Encoding") != "" || resp.ContentLength != int64(len(body)) || err != nil {
		t.Errorf("%v, %d bytes, %v", resp.Header, len(body), err)
	}
}
