package remote_test

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/downloadview/downloadview"
	"github.com/downloadview/downloadview/storage/remote"
)

// silent is an origin that accepts a connection, reads and sends nothing. It
// signals when it has received something.
func silent(t *testing.T) (url string, spoken <-chan struct{}) {
	c := make(chan struct{}, 10)
	return listen(t, func(conn net.Conn) {
		if _, err := conn.Read(make([]byte, 1)); err == nil {
			c <- struct{}{}
			io.Copy(io.Discard, conn)
		}
	}), c
}

// Timeouts of the origin are 504, although the request's own context hasn't
// ended.
func TestTimeouts(t *testing.T) {
	url, _ := silent(t)
	for name, tt := range map[string]struct {
		base string
		o    remote.Options
	}{
		"header":        {url, remote.Options{HeaderTimeout: 10 * time.Millisecond}},
		"handshake":     {strings.Replace(url, "http:", "https:", 1), remote.Options{ConnectTimeout: 10 * time.Millisecond}},
		"given client":  {url, remote.Options{Client: &http.Client{Timeout: 10 * time.Millisecond, Transport: http.DefaultTransport}}},
		"limited names": {"http://slow.test/", remote.Options{Client: &http.Client{Transport: slowNames{}}}},
	} {
		t.Run(name, func(t *testing.T) {
			if tt.o.Client == nil {
				tt.o.Allow = loopback(t, url)
			}
			for door, open := range doors(t, file(t, below(t, tt.base, tt.o), "a")) {
				_, err := open()
				if downloadview.StatusCode(err) != http.StatusGatewayTimeout || !errors.Is(err, os.ErrDeadlineExceeded) {
					t.Errorf("%s: %v, want 504 and os.ErrDeadlineExceeded", door, err)
				}
				if !errors.Is(err, downloadview.ErrUpstream) {
					t.Errorf("%s: %v, want ErrUpstream: it was not the caller who ran out of time", door, err)
				}
			}
		})
	}
}

type slowNames struct{}

func (slowNames) RoundTrip(*http.Request) (*http.Response, error) {
	return nil, &net.OpError{Op: "dial", Net: "tcp", Err: &net.DNSError{Err: "no answer", Name: "slow.test", IsTimeout: true}}
}

// A negative timeout means none, zero the default.
func TestTimeoutsOfTheTransport(t *testing.T) {
	for d, want := range map[time.Duration]time.Duration{-1: 0, 0: 30 * time.Second, time.Minute: time.Minute} {
		tr, err := remote.GuardedTransport(&remote.Options{HeaderTimeout: d})
		if err != nil || tr.ResponseHeaderTimeout != want {
			t.Errorf("HeaderTimeout %v becomes %v, %v, want %v", d, tr.ResponseHeaderTimeout, err, want)
		}
	}
}

// If the caller cancels, the error is that of the context, and not an error of
// the origin.
func TestContext(t *testing.T) {
	url, spoken := silent(t)
	f := file(t, below(t, url, remote.Options{}), "a")
	for door := range doors(t, f) {
		ctx, cancel := context.WithCancel(t.Context())
		go func() {
			<-spoken
			cancel()
		}()
		err := enter(ctx, f, door)
		if !errors.Is(err, context.Canceled) || errors.Is(err, downloadview.ErrUpstream) {
			t.Errorf("%s: %v, want context.Canceled alone", door, err)
		}
		cancel()
		late, cancel := context.WithDeadline(t.Context(), time.Unix(1, 0))
		if err := enter(late, f, door); !errors.Is(err, context.DeadlineExceeded) || errors.Is(err, downloadview.ErrUpstream) {
			t.Errorf("%s: %v, want context.DeadlineExceeded alone", door, err)
		}
		cancel()
	}
}

func enter(ctx context.Context, f downloadview.File, door string) error {
	var err error
	switch door {
	case "Open":
		_, err = f.Open(ctx)
	case "OpenRange":
		_, err = f.(downloadview.RangeFile).OpenRange(ctx, 0, 1)
	case "Stat":
		_, err = f.(downloadview.StatFile).Stat(ctx)
	}
	return err
}

// A body that stalls ends with the context of Open.
func TestStalledBody(t *testing.T) {
	s := fake(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Length", "10")
		io.WriteString(w, "0123")
		w.(http.Flusher).Flush()
		<-r.Context().Done()
	})
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	h, err := file(t, s, "a").Open(ctx)
	if err != nil {
		t.Fatal(err)
	}
	defer h.Close()
	if _, err := io.ReadFull(h, make([]byte, 4)); err != nil {
		t.Fatal(err)
	}
	time.AfterFunc(0, cancel)
	_, err = h.Read(make([]byte, 1))
	if !errors.Is(err, context.Canceled) || errors.Is(err, downloadview.ErrUpstream) {
		t.Errorf("Read: %v, want context.Canceled alone", err)
	}
}

// Closing early ends the request at the origin.
func TestCloseEndsTheRequest(t *testing.T) {
	ended := make(chan struct{})
	s := fake(t, func(w http.ResponseWriter, r *http.Request) {
		w.(http.Flusher).Flush()
		<-r.Context().Done()
		close(ended)
	})
	h, err := file(t, s, "a").Open(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if err := h.Close(); err != nil {
		t.Error(err)
	}
	<-ended
}
