//go:build unix

package downloadview

import (
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http/httptest"
	"syscall"
	"testing"
	"time"
)

// Over TLS, too, a broken download resets the connection. Below TLS is the connection of
// a listener of this package.
func TestABrokenDownloadResetsUnderTLS(t *testing.T) {
	s := httptest.NewUnstartedServer(NewHandler(fileView(broken(-1)), &Options{Logger: discard}))
	s.Listener = EndStalled(s.Listener, time.Minute)
	s.StartTLS()
	defer s.Close()
	tcp, err := net.Dial("tcp", s.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer tcp.Close()
	c := tls.Client(tcp, &tls.Config{InsecureSkipVerify: true})
	fmt.Fprintf(c, "GET / HTTP/1.0\r\n\r\n")
	n, err := io.Copy(io.Discard, c)
	if !errors.Is(err, syscall.ECONNRESET) {
		t.Errorf("after %d bytes: %v, want a reset", n, err)
	}
}
