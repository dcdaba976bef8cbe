package remote_test

import (
	"crypto/x509"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/downloadview/downloadview"
	"github.com/downloadview/downloadview/storage/remote"
)

// forbidden is a server that could be reached, were it not for the guard.
func forbidden(t *testing.T) *httptest.Server {
	srv := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		t.Errorf("%s was asked for %s", r.Host, r.URL)
	}))
	t.Cleanup(srv.Close)
	return srv
}

func wantForbidden(t *testing.T, f downloadview.File) {
	t.Helper()
	for door, open := range doors(t, f) {
		_, err := open()
		if !errors.Is(err, remote.ErrAddress) || !errors.Is(err, downloadview.ErrUpstream) {
			t.Errorf("%s: %v, want ErrAddress", door, err)
		}
		if got := downloadview.StatusCode(err); got != http.StatusBadGateway {
			t.Errorf("%s: the client sees %d, want 502", door, got)
		}
	}
}

func TestGuard(t *testing.T) {
	srv := forbidden(t)
	port := netip.MustParseAddrPort(srv.Listener.Addr().String()).Port()
	open := remote.Allow{Ports: []uint16{port}}
	at := strings.TrimPrefix(srv.URL, "http://127.0.0.1")
	for _, rawURL := range []string{
		srv.URL,
		"http://localhost" + at, // a name that resolves to loopback
		"http://[::ffff:127.0.0.1]" + at,
		"http://[::ffff:7f00:1]" + at,
		"http://0.0.0.0" + at,
		"http://127.255.255.254" + at,
		"http://169.254.169.254/latest/meta-data/",
		"http://10.0.0.1/",
		"http://172.16.0.1/",
		"http://192.168.0.1/",
		"http://100.64.0.1/",
		"http://224.0.0.1/",
		"http://255.255.255.255/",
		"https://127.0.0.1/",
		"http://168.63.129.16/machine?comp=goalstate", // the host of a machine at Azure
		"http://[::ffff:168.63.129.16]/",
		"http://[64:ff9b::168.63.129.16]/",
		"http://[2002:a83f:8110::1]/",
	} {
		t.Run(rawURL, func(t *testing.T) {
			f, err := remote.File(rawURL, &remote.Options{Allow: open})
			if err != nil {
				t.Fatal(err)
			}
			wantForbidden(t, f)
		})
	}
	t.Run("storage", func(t *testing.T) {
		s, err := remote.New(parse(t, srv.URL), &remote.Options{Allow: open})
		if err != nil {
			t.Fatal(err)
		}
		wantForbidden(t, file(t, s, "a"))
	})
	t.Run("no options", func(t *testing.T) {
		s, err := remote.New(parse(t, "http://127.0.0.1/"), nil)
		if err != nil {
			t.Fatal(err)
		}
		wantForbidden(t, file(t, s, "a"))
	})
}

func TestGuardedPorts(t *testing.T) {
	srv := forbidden(t)
	f, err := remote.File(srv.URL, &remote.Options{Allow: remote.Allow{
		Prefixes: []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")},
		Ports:    []uint16{1},
	}})
	if err != nil {
		t.Fatal(err)
	}
	wantForbidden(t, f)
}

// The guard checks the address of a redirect's target, whatever the redirect
// policy is.
func TestGuardAfterRedirect(t *testing.T) {
	for _, to := range []string{"http://169.254.169.254/latest/", "http://127.0.0.2:%s/", "http://[::ffff:127.0.0.2]:%s/"} {
		var srv *httptest.Server
		srv = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			_, port, _ := strings.Cut(srv.Listener.Addr().String(), ":")
			http.Redirect(w, r, strings.Replace(to, "%s", port, 1), http.StatusFound)
		}))
		defer srv.Close()
		wantForbidden(t, file(t, below(t, srv.URL, remote.Options{Redirect: anywhere}), "a"))
	}
}

// The guard in an application's own Client.
func TestGuardedTransport(t *testing.T) {
	srv := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		io.WriteString(w, r.Proto)
	}))
	srv.EnableHTTP2 = true
	srv.StartTLS()
	defer srv.Close()
	trust := x509.NewCertPool()
	trust.AddCert(srv.Certificate())
	for _, o := range []*remote.Options{nil, {Allow: loopback(t, srv.URL)}} {
		transport, err := remote.GuardedTransport(o)
		if err != nil {
			t.Fatal(err)
		}
		if transport.Proxy != nil {
			t.Error("the transport uses proxies")
		}
		transport.TLSClientConfig = srv.Client().Transport.(*http.Transport).TLSClientConfig.Clone()
		transport.TLSClientConfig.RootCAs = trust
		f := file(t, below(t, srv.URL, remote.Options{Client: &http.Client{Transport: transport}}), "a")
		if o == nil {
			wantForbidden(t, f)
			continue
		}
		h, err := f.Open(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if got := content(t, h); got != "HTTP/2.0" {
			t.Errorf("asked by %s, want HTTP/2.0", got)
		}
	}
}

// An application's own Client is used as it is.
func TestGivenClientIsNotGuarded(t *testing.T) {
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, "content") }))
	defer srv.Close()
	h, err := file(t, below(t, srv.URL, remote.Options{Client: srv.Client()}), "a").Open(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if got := content(t, h); got != "content" {
		t.Errorf("content %q", got)
	}
}

func TestBadOptions(t *testing.T) {
	for name, tt := range map[string]struct {
		o    remote.Options
		says string
	}{
		"zero prefix":        {remote.Options{Allow: remote.Allow{Prefixes: make([]netip.Prefix, 1)}}, "prefix"},
		"IPv4 in IPv6":       {remote.Options{Allow: remote.Allow{Prefixes: []netip.Prefix{netip.PrefixFrom(netip.MustParseAddr("::ffff:10.0.0.0"), 104)}}}, "::ffff:10.0.0.0/104"},
		"ports for a client": {remote.Options{Client: http.DefaultClient, Allow: remote.Allow{Ports: []uint16{8080}}}, "GuardedTransport"},
		"allow for a client": {remote.Options{Client: http.DefaultClient, Allow: loopback(t)}, "GuardedTransport"},
		"connect timeout":    {remote.Options{Client: http.DefaultClient, ConnectTimeout: time.Second}, "GuardedTransport"},
		"header timeout":     {remote.Options{Client: http.DefaultClient, HeaderTimeout: -1}, "GuardedTransport"},
	} {
		t.Run(name, func(t *testing.T) {
			if _, err := remote.New(parse(t, "https://h/"), &tt.o); err == nil || !strings.Contains(err.Error(), tt.says) {
				t.Errorf("New: %v, want an error with %q", err, tt.says)
			}
			if _, err := remote.File("https://h/", &tt.o); err == nil || !strings.Contains(err.Error(), tt.says) {
				t.Errorf("File: %v, want an error with %q", err, tt.says)
			}
		})
	}
}
