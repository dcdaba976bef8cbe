package downloadview

import (
	"net"
	"net/http"
	"strings"
	"syscall"
	"testing"
	"time"
	"unsafe"
)

// unsentYet returns how many bytes the socket of c has that were not sent at all.
func unsentYet(t *testing.T, c *stallConn) (n int32) {
	t.Helper()
	raw, err := c.rawConn()
	if err != nil {
		t.Fatal(err)
	}
	const outQueueNotSent = 0x894B // SIOCOUTQNSD
	err = raw.Control(func(fd uintptr) {
		_, _, errno := syscall.Syscall(syscall.SYS_IOCTL, fd, outQueueNotSent, uintptr(unsafe.Pointer(&n)))
		if errno != 0 {
			t.Error(errno)
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// The header of an answer whose body net/http drops, such as that to HEAD where middleware
// lets handlers see GET, doesn't wait in the socket for a body. It did so for 200 ms.
func TestHeldHeaderWithoutABody(t *testing.T) {
	h := NewHandler(fileView(newLocalFile(t, "a.txt", strings.Repeat("0123456789", 10_000))), nil)
	left := make(chan int32, 1)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := &http.Server{ConnContext: ConnContext, Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		seen := *r
		seen.Method = http.MethodGet
		h.ServeHTTP(w, &seen)
		c, ok := r.Context().Value(connKey{}).(*stallConn)
		if !ok {
			t.Error("the connection isn't one of EndStalled")
			c = &stallConn{}
		}
		left <- unsentYet(t, c)
	})}
	go s.Serve(EndStalled(l, time.Minute))
	defer s.Close()
	resp, err := http.Head("http://" + l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	if n := <-left; n > 0 || resp.ContentLength != 100_000 {
		t.Errorf("%d bytes wait in the socket; length %d", n, resp.ContentLength)
	}
}
