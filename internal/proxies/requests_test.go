package proxies_test

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/downloadview/downloadview/internal/proxies/site"
	"github.com/downloadview/downloadview/internal/proxytest"
	"github.com/downloadview/downloadview/internal/testserver"
)

// Percent-encoded paths reach the application as the client sent them, by TCP and by a
// socket, whatever the socket's name is, if the configuration can express it.
func TestServersPassTheTarget(t *testing.T) {
	const hidden = "/_media/a.bin"
	targets := []string{"/", "//a//b", "/a//b", "/a/./b", "/a/../b", "/a/%2e%2E/b", "/a%2Fb%2f..%2fc", "/a?b=%0a&c?d", "/a?", hidden}
	for i := 1; i < 256; i++ {
		targets = append(targets, fmt.Sprintf("/a%%%02Xb", i), fmt.Sprintf("/a?%%%02xb", i))
	}
	eachServer(t, func(t *testing.T, srv server) {
		for i, upstream := range []string{"tcp", "plain.sock", `a "b" 'c' \d $e ;.sock`, "ü`~!&=+,@.sock"} {
			t.Run(strconv.Itoa(i), func(t *testing.T) {
				s := site.Site{Rules: []site.Rule{srv.Rule("media", "/_media/", t.TempDir())}}
				if upstream == "tcp" {
					s.Upstream = proxytest.Application(t, proxytest.SendOrEcho)
				} else {
					s.Upstream = "unix:" + applicationAt(t, "unix", filepath.Join(t.TempDir(), upstream), proxytest.SendOrEcho)
				}
				if strings.ContainsAny(upstream, srv.Traits.Unprintable) {
					s.Listen = "127.0.0.1:1"
					proxytest.Refused(t, srv.Name, s, strings.Trim(strconv.Quote(upstream), `"`))
					return
				}
				proxy := proxytest.Start(t, srv.Name, s, proxytest.Options{})
				for _, target := range targets {
					want := "GET " + target + " " + proxy.Addr
					if srv.Traits.Requests.MergesSlashes {
						want = strings.Replace(want, " //", " /", 1)
					}
					if srv.HidesLocations && target == hidden {
						continue
					}
					if got := proxytest.Body(t, proxy.Do(t, "GET", target, nil)); got != want {
						t.Fatalf("%s: the application saw %q, want %q", target, got, want)
					}
				}
			})
		}
	})
}

// applicationAt runs h at an address until the test ends and returns the address.
func applicationAt(t *testing.T, network, addr string, h http.HandlerFunc) string {
	t.Helper()
	l, err := net.Listen(network, addr)
	if err != nil {
		t.Fatal(err)
	}
	s := httptest.NewUnstartedServer(h)
	s.Listener.Close()
	s.Listener = l
	s.Start()
	t.Cleanup(s.Close)
	return addr
}

// Clients reach only the application, whatever they send.
func TestServersListenToTheApplicationAlone(t *testing.T) {
	eachServer(t, func(t *testing.T, srv server) {
		f := proxytest.NewFront(t, srv.Name, nil)
		for _, target := range []string{f.Value("a.bin"), f.Dir + "/a.bin", "/a.bin", "/_media/a.bin"} {
			resp := f.Do(t, "GET", target, http.Header{
				f.Field(): {f.Value("a.bin")}, "X-Sendfile-Type": {f.Field()}, "X-Accel-Mapping": {f.Dir + "=/_media"},
			})
			body := proxytest.Body(t, resp)
			if srv.HidesLocations && strings.HasPrefix(target, "/_media/") {
				if resp.StatusCode != http.StatusNotFound || strings.Contains(body, "0123456789") {
					t.Errorf("%s: %s %q, want 404", target, resp.Status, body)
				}
			} else if want := "GET " + target + " " + f.Addr; body != want {
				t.Errorf("%s: %q, want the application's %q", target, body, want)
			}
		}
	})
}

// The application gets the client's Accept-Encoding, so that it compresses only for
// clients that accept that.
func TestServersAskForNoCompression(t *testing.T) {
	eachServer(t, func(t *testing.T, srv server) {
		proxy := proxytest.Start(t, srv.Name, site.Site{
			Upstream: proxytest.Application(t, func(w http.ResponseWriter, r *http.Request) {
				io.WriteString(w, "asked for "+r.Header.Get("Accept-Encoding"))
			}),
			Rules: []site.Rule{srv.Rule("media", "/_media/", t.TempDir())},
		}, proxytest.Options{})
		if got, want := proxytest.Body(t, proxy.Do(t, "GET", "/", nil)), "asked for "; got != want {
			t.Errorf("the application says %q, want %q", got, want)
		}
	})
}

// A streamed answer begins to arrive at the client before it ends.
func TestServersStream(t *testing.T) {
	eachServer(t, func(t *testing.T, srv server) {
		arrived := make(chan struct{})
		proxy := proxytest.Start(t, srv.Name, site.Site{
			Upstream: proxytest.Application(t, func(w http.ResponseWriter, r *http.Request) {
				w.Header().Set("Content-Length", "100001")
				io.WriteString(w, strings.Repeat("a", 100_000))
				http.NewResponseController(w).Flush()
				select {
				case <-arrived:
					io.WriteString(w, "b")
				case <-time.After(10 * time.Second): // and then it is too short
				}
			}),
			Rules: []site.Rule{srv.Rule("media", "/_media/", t.TempDir())},
		}, proxytest.Options{})
		resp := proxy.Do(t, "GET", "/", nil)
		if _, err := io.ReadFull(resp.Body, make([]byte, 50_000)); err != nil {
			t.Fatal(err)
		}
		close(arrived)
		if rest := proxytest.Body(t, resp); len(rest) != 50_001 {
			t.Errorf("%d more bytes, want 50001", len(rest))
		}
	})
}

// A connection to the application is used for several requests, also if files are
// handed over.
func TestServersKeepConnections(t *testing.T) {
	eachServer(t, func(t *testing.T, srv server) {
		for _, network := range []string{"tcp", "unix"} {
			dir := t.TempDir()
			proxytest.Write(t, dir, "a.bin", "0123456789")
			var connections atomic.Int64
			upstream := countConnections(t, network, &connections)
			proxy := proxytest.Start(t, srv.Name, site.Site{
				Upstream: upstream,
				Rules:    []site.Rule{srv.Rule("media", "/_media/", dir)},
			}, proxytest.Options{})
			f := &proxytest.Front{Server: proxy, Kind: srv.Kind, Dir: dir}
			for range 20 {
				proxytest.Body(t, f.Send(t, "GET", f.Value("a.bin")))
				proxytest.Body(t, f.Do(t, "GET", "/", nil))
			}
			got := connections.Load()
			if srv.NewConnections {
				if got != 40 {
					t.Errorf("%s: %d connections for 40 requests; the configuration says that each has its own", network, got)
				}
			} else if got > 4 {
				t.Errorf("%s: %d connections for 40 requests, want few", network, got)
			}
		}
	})
}

// countConnections runs an application that counts its connections, and returns its
// address.
func countConnections(t *testing.T, network string, n *atomic.Int64) string {
	t.Helper()
	s := httptest.NewUnstartedServer(http.HandlerFunc(proxytest.SendOrEcho))
	s.Config.ConnState = func(_ net.Conn, state http.ConnState) {
		if state == http.StateNew {
			n.Add(1)
		}
	}
	where := s.Listener.Addr().String()
	if network == "unix" {
		path := filepath.Join(t.TempDir(), "app.sock")
		l, err := net.Listen("unix", path)
		if err != nil {
			t.Fatal(err)
		}
		s.Listener.Close()
		s.Listener, where = l, "unix:"+path
	}
	s.Start()
	t.Cleanup(s.Close)
	return where
}

// After a restart, the application is found at once, unless the server waits.
func TestServersFindTheApplicationAgain(t *testing.T) {
	eachServer(t, func(t *testing.T, srv server) {
		if srv.Traits.Requests.WaitsAfterFailure {
			return
		}
		addr := fmt.Sprintf("127.0.0.1:%d", testserver.FreePort(t))
		proxy := proxytest.Start(t, srv.Name, site.Site{
			Upstream: addr,
			Rules:    []site.Rule{srv.Rule("media", "/_media/", t.TempDir())},
		}, proxytest.Options{})
		for range 3 {
			if resp := proxy.Do(t, "GET", "/", nil); resp.StatusCode < 500 {
				t.Fatalf("without an application: %s", resp.Status)
			}
		}
		applicationAt(t, "tcp", addr, proxytest.SendOrEcho)
		if resp := proxy.Do(t, "GET", "/", nil); resp.StatusCode != http.StatusOK {
			t.Errorf("with an application: %s, want 200", resp.Status)
		}
	})
}
