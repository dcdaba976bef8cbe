package doctor_test

import (
	"cmp"
	"context"
	"crypto/tls"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/downloadview/downloadview/doctor"
)

// TestSilence: a server doesn't answer. The doctor tells one that hangs, or closes the
// connection, from one that isn't there, and doesn't blame the site for a proxy of the
// doctor's own, or for the network.
func TestSilence(t *testing.T) {
	unreachable := func(context.Context, string, string) (net.Conn, error) {
		return nil, &net.OpError{Op: "dial", Net: "tcp", Err: os.NewSyscallError("connect", syscall.ENETUNREACH)}
	}
	dropped := func(ctx context.Context, _, _ string) (net.Conn, error) {
		<-ctx.Done()
		return nil, ctx.Err()
	}
	for name, test := range map[string]struct {
		transport *http.Transport
		timeout   time.Duration
		site      func(*testing.T) string
		cause     string
	}{
		"hangs":    {timeout: 200 * time.Millisecond, site: accepting(func(net.Conn) {}), cause: "accepts the connection, but doesn't answer in time"},
		"closes":   {site: accepting(func(c net.Conn) { c.Close() }), cause: "closes the connection without an answer"},
		"dropped":  {timeout: 200 * time.Millisecond, transport: &http.Transport{DialContext: dropped}, cause: "a firewall drops the connection"},
		"no route": {transport: &http.Transport{DialContext: unreachable}, cause: "no route to that address"},
		"a dead HTTP proxy": {
			transport: &http.Transport{Proxy: http.ProxyURL(&url.URL{Scheme: "http", Host: "127.0.0.1:1"})},
			cause:     "the HTTP proxy that the doctor's environment names",
		},
		"wants a certificate": {
			transport: &http.Transport{TLSClientConfig: &tls.Config{InsecureSkipVerify: true}},
			site:      wantingCertificates, cause: "refuses the connection of TLS: tls: certificate required",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			transport := cmp.Or(test.transport, new(http.Transport))
			t.Cleanup(transport.CloseIdleConnections)
			setup := doctor.Setup{Site: "http://192.0.2.1", Key: "a.txt", Client: &http.Client{Transport: transport, Timeout: test.timeout}}
			if test.site != nil {
				setup.Site = test.site(t)
			}
			setup.App = setup.Site
			report := run(t, setup, "")
			for _, name := range []string{"app-answers", "proxy-answers"} {
				if c := check(t, report, name); c.Result != doctor.Failed || !strings.Contains(c.Cause, test.cause) || c.Change == "" {
					t.Errorf("%s: %+v, want the cause %q", name, c, test.cause)
				}
			}
		})
	}
}

// TestBetween: an HTTP proxy between the doctor and the site answers with an error. The doctor
// doesn't say that the site is wrong.
func TestBetween(t *testing.T) {
	proxy := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusServiceUnavailable)
	}))
	defer proxy.Close()
	via, err := url.Parse(proxy.URL)
	if err != nil {
		t.Fatal(err)
	}
	transport := &http.Transport{Proxy: http.ProxyURL(via)}
	defer transport.CloseIdleConnections()
	setup := doctor.Setup{Site: "http://192.0.2.1", App: "http://192.0.2.2:8080", Key: "a.txt", Client: &http.Client{Transport: transport}}
	for name, app := range map[string]string{"app-handover": setup.App, "proxy-file": ""} {
		setup.App = app
		if c := check(t, run(t, setup, ""), name); c.Result != doctor.Failed || !strings.Contains(c.Cause, "that of the HTTP proxy "+via.Host) || !strings.Contains(c.Change, "NO_PROXY") {
			t.Errorf("%s: %+v, want the proxy %s", name, c, via.Host)
		}
	}
}

// accepting returns a function that starts a server, which accepts connections and calls
// then with each.
func accepting(then func(net.Conn)) func(t *testing.T) string {
	return func(t *testing.T) string {
		t.Helper()
		ln, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		done := make(chan struct{})
		go func() {
			defer close(done)
			for {
				c, err := ln.Accept()
				if err != nil {
					return
				}
				defer c.Close()
				then(c)
			}
		}()
		t.Cleanup(func() {
			ln.Close()
			<-done
		})
		return "http://" + ln.Addr().String()
	}
}

// wantingCertificates starts a server that refuses clients without a certificate.
func wantingCertificates(t *testing.T) string {
	t.Helper()
	srv := httptest.NewUnstartedServer(http.NotFoundHandler())
	srv.TLS = &tls.Config{ClientAuth: tls.RequireAnyClientCert}
	srv.Config.ErrorLog = log.New(t.Output(), "", 0)
	srv.StartTLS()
	t.Cleanup(srv.Close)
	return srv.URL
}

// TestApplicationFails: the application has the file, and can't send it. The doctor
// doesn't say that it serves another storage.
func TestApplicationFails(t *testing.T) {
	for name, test := range map[string]struct {
		answer       http.HandlerFunc
		tls          bool
		check, cause string
	}{
		"busy": {
			answer: func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusServiceUnavailable) },
			check:  "app-handover", cause: "can't send the file at the moment",
		},
		"breaks off": {
			answer: func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("Content-Length", "100")
				w.Write([]byte("begin"))
				http.NewResponseController(w).Flush()
				panic(http.ErrAbortHandler)
			},
			check: "app-answers", cause: "breaks its answer off",
		},
		"with TLS": {tls: true, answer: http.NotFound, check: "app-handover", cause: "the port of the application needs TLS"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newSetting(t, "nginx")
			s.app = func(http.Handler) http.Handler { return doctor.Witness(test.answer) }
			setup := s.start(t)
			if test.tls {
				srv := httptest.NewUnstartedServer(test.answer)
				srv.Config.ErrorLog = log.New(t.Output(), "", 0)
				srv.StartTLS()
				t.Cleanup(srv.Close)
				setup.App = strings.Replace(srv.URL, "https:", "http:", 1)
			}
			if c := check(t, run(t, setup, s.dir), test.check); c.Result != doctor.Failed || !strings.Contains(c.Cause, test.cause) || c.Change == "" {
				t.Errorf("%s: %+v, want the cause %q", test.check, c, test.cause)
			}
			if name != "busy" {
				return
			}
			setup.App = ""
			if c := check(t, run(t, setup, s.dir), "proxy-file"); c.Result != doctor.Failed || !strings.Contains(c.Cause, "the application itself "+test.cause) {
				t.Errorf("proxy-file: %+v, want the cause %q", c, test.cause)
			}
		})
	}
}
