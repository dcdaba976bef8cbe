package proxies_test

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"

	"github.com/downloadview/downloadview/internal/proxytest"
)

// The application sees the host that the client names, with the port. A client of
// HTTP/1.0 need not name one: it is answered all the same, and the application sees
// an address or a name of the server, unless the server names none either.
func TestServersPassTheHost(t *testing.T) {
	eachServer(t, func(t *testing.T, srv server) {
		f := proxytest.NewFront(t, srv.Name, nil)
		for _, tt := range []struct{ request, want string }{
			{"GET /a?b HTTP/1.1\r\nHost: files.example.test:8443\r\nConnection: close\r\n\r\n", "GET /a?b files.example.test:8443"},
			{"GET /a?b HTTP/1.1\r\nHost: files.example.test\r\nConnection: close\r\n\r\n", "GET /a?b files.example.test"},
			{"GET /a?b HTTP/1.1\r\nHost: [2001:db8::1]:8443\r\nConnection: close\r\n\r\n", "GET /a?b [2001:db8::1]:8443"},
			{"GET /a?b HTTP/1.0\r\nHost: files.example.test:8443\r\n\r\n", "GET /a?b files.example.test:8443"},
			{"GET /a?b HTTP/1.0\r\n\r\n", ""},
		} {
			status, got := exchange(t, f.Addr, tt.request)
			host, ok := strings.CutPrefix(got, "GET /a?b ")
			if status != 200 || !ok || host == "" && !srv.Traits.Requests.NamesNoHost || tt.want != "" && got != tt.want {
				t.Errorf("%q: %d %q, want 200 %q", tt.request, status, got, tt.want)
			}
		}
		value := f.Value("a.bin")
		status, got := exchange(t, f.Addr, fmt.Sprintf("GET /send HTTP/1.0\r\n%s%s: %s\r\n\r\n", proxytest.AnswerPrefix, f.Field(), value))
		if status != 200 || got != "0123456789" {
			t.Errorf("without Host, the file is %d %q", status, got)
		}
	})
}

// exchange sends a request on a connection of its own.
func exchange(t *testing.T, addr, request string) (status int, body string) {
	t.Helper()
	c, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if _, err := io.WriteString(c, request); err != nil {
		t.Fatal(err)
	}
	resp, err := http.ReadResponse(bufio.NewReader(c), nil)
	if err != nil {
		t.Fatalf("%q: %v", request, err)
	}
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatalf("%q: %v", request, err)
	}
	return resp.StatusCode, string(b)
}
