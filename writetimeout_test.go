package downloadview

import (
	"bytes"
	"context"
	"crypto/sha256"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"
)

// A server's WriteTimeout doesn't end a download that makes progress, for each way in
// which the file is sent.
func TestWriteTimeoutMoves(t *testing.T) {
	content := bytes.Repeat([]byte("0123456789abcdef"), 1<<20) // 16 MiB: more than sockets hold
	for name, f := range map[string]File{"sendfile": localFileOf(t, "a", content), "copied": newObject(string(content))} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			onceOnTime(t, time.Second, func(limit time.Duration) (longest time.Duration, err error) {
				seen := make(chan Outcome, 1)
				s := httptest.NewUnstartedServer(NewHandler(fileView(f), &Options{
					Logger: discard, Observer: func(_ *http.Request, o Outcome) { seen <- o },
				}))
				s.Config.WriteTimeout = limit
				s.Start()
				defer s.Close()
				c, err := net.Dial("tcp", s.Listener.Addr().String())
				if err != nil {
					t.Fatal(err)
				}
				defer c.Close()
				fmt.Fprintf(c, "GET / HTTP/1.1\r\nHost: x\r\n\r\n")
				sum, longest, err := readSlowly(c, limit/100)
				if o := <-seen; o.AbortedBy != NotAborted || sum != sha256.Sum256(content) || err != nil {
					return longest, fmt.Errorf("%v, outcome %+v, or other bytes", err, o)
				}
				return longest, nil
			})
		})
	}
}

// A deadline that passes before the header is sent is answered and logged.
func TestDeadlineBeforeTheHeader(t *testing.T) {
	var logged bytes.Buffer
	var seen Outcome
	f := FromFunc("a", func(ctx context.Context, _ io.Writer) error {
		<-ctx.Done()
		return ctx.Err()
	}, nil)
	h := NewHandler(fileView(f), &Options{Logger: loggerTo(&logged), Observer: func(_ *http.Request, o Outcome) { seen = o }})
	ctx, cancel := context.WithTimeout(t.Context(), time.Millisecond)
	defer cancel()
	w := httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequest("GET", "/", nil).WithContext(ctx))
	if w.Code != http.StatusGatewayTimeout || seen.AbortedBy != NotAborted || !bytes.Contains(logged.Bytes(), []byte("status=504")) {
		t.Errorf("%d, %+v, logged %q", w.Code, seen, &logged)
	}
}
