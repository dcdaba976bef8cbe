package middleware

import (
	"context"
	"io"
	"net"
	"net/http"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// pipes is a network in memory, for tests with virtual time.
type pipes struct {
	conns  chan net.Conn
	closed chan struct{}
	once   sync.Once
}

func (l *pipes) Accept() (net.Conn, error) {
	select {
	case c := <-l.conns:
		return c, nil
	case <-l.closed:
		return nil, net.ErrClosed
	}
}

func (l *pipes) Close() error   { l.once.Do(func() { close(l.closed) }); return nil }
func (l *pipes) Addr() net.Addr { return &net.UnixAddr{Net: "unix"} }

func (l *pipes) dial(context.Context, string, string) (net.Conn, error) {
	ours, theirs := net.Pipe()
	select {
	case l.conns <- theirs:
		return ours, nil
	case <-l.closed:
		return nil, net.ErrClosed
	}
}

// The server's WriteTimeout is for sending: a request may wait for longer, whether it is let
// in afterwards or refused.
func TestDownloadsWaitWithoutAWriteTimeout(t *testing.T) {
	for _, protocol := range []string{"HTTP/1.1", "HTTP/2.0"} {
		t.Run(protocol, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				limit := NewDownloadLimit(&DownloadLimitOptions{Most: 1, Queue: 1, Wait: 3 * time.Second})
				end := make(chan struct{})
				h := limit.Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
					if r.URL.Path == "/long" {
						<-end
					}
					io.WriteString(w, r.URL.Path)
				}))
				l := &pipes{conns: make(chan net.Conn), closed: make(chan struct{})}
				both := new(http.Protocols)
				both.SetHTTP1(true)
				both.SetUnencryptedHTTP2(true)
				s := &http.Server{Handler: h, WriteTimeout: time.Second, Protocols: both}
				go s.Serve(l)
				tr := &http.Transport{DialContext: l.dial, Protocols: new(http.Protocols)}
				tr.Protocols.SetHTTP1(protocol == "HTTP/1.1")
				tr.Protocols.SetUnencryptedHTTP2(protocol == "HTTP/2.0")
				defer func() {
					tr.CloseIdleConnections()
					s.Close()
					synctest.Wait()
				}()
				get := func(path string) (status int, body string, err error) {
					r, err := http.NewRequestWithContext(t.Context(), "GET", "http://server"+path, nil)
					if err != nil {
						return 0, "", err
					}
					resp, err := tr.RoundTrip(r)
					if err != nil {
						return 0, "", err
					}
					defer resp.Body.Close()
					b, err := io.ReadAll(resp.Body)
					return resp.StatusCode, string(b), err
				}
				go get("/long")
				synctest.Wait()
				if status, _, err := get("/refused"); status != 503 || err != nil {
					t.Errorf("a request that waited in vain: %d, %v, want 503", status, err)
				}
				time.AfterFunc(2*time.Second, func() { close(end) })
				if status, body, err := get("/waits"); status != 200 || body != "/waits" || err != nil {
					t.Errorf("a request that waited: %d %q, %v, want 200", status, body, err)
				}
			})
		})
	}
}
