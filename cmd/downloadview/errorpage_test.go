package main

import (
	"io"
	"net/http"
	"sync/atomic"
	"testing"

	"github.com/downloadview/downloadview/internal/faultproxy"
)

// endless is the page of an error that ends after far more bytes than the buffers on the
// way have.
type endless struct{ sent atomic.Int64 }

const far = 64 << 20

func (e *endless) Read(p []byte) (int, error) {
	if e.sent.Add(int64(len(p))) > far {
		return 0, io.EOF
	}
	return len(p), nil
}

// Of the page of a store's error, only the beginning is read, and less is logged.
func TestEndlessErrorPages(t *testing.T) {
	clouds(t, func(t *testing.T, c *cloud) {
		l := serve(t, "--tries=1", c.url(t))
		var page endless
		c.faults.On(0, nil, func(a *faultproxy.Answer) {
			faultproxy.Status(http.StatusInternalServerError, "", "Content-Length", "1000000000000")(a)
			a.Body = io.NopCloser(&page)
		})
		if got := l.get(t, "/a.txt"); got.StatusCode != http.StatusBadGateway {
			t.Errorf("%s, want 502", got.Status)
		}
		l.await(t, nil, "path=/a.txt")
		if n := page.sent.Load(); n == 0 || n > far {
			t.Errorf("%d bytes of the page were read", n)
		}
		if n := len(l.log()); n > 64<<10 {
			t.Errorf("%d bytes were logged", n)
		}
	})
}
