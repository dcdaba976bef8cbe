package proxies_test

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/downloadview/downloadview/accel"
	"github.com/downloadview/downloadview/internal/proxies/site"
	"github.com/downloadview/downloadview/internal/proxytest"
	"github.com/downloadview/downloadview/internal/testserver"
)

// An address without a host means all addresses, IPv4 and IPv6. An address with a host
// means only that host.
func TestListensEverywhere(t *testing.T) {
	if ln, err := net.Listen("tcp", "[::1]:0"); err != nil {
		testserver.Lacking(t, "needs IPv6: %v", err)
	} else {
		ln.Close()
	}
	app := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		io.WriteString(w, "the application")
	}))
	defer app.Close()
	for _, server := range proxytest.Names() {
		t.Run(server, func(t *testing.T) {
			for host, want := range map[string]map[string]bool{
				"":          {"127.0.0.1": true, "[::1]": true},
				"127.0.0.1": {"127.0.0.1": true, "[::1]": false},
				"[::1]":     {"127.0.0.1": false, "[::1]": true},
			} {
				port := testserver.FreePort(t)
				dir := t.TempDir()
				destination := "/_media/"
				if !proxytest.KindOf(t, server).Locations {
					destination = dir
				}
				proxytest.Start(t, server, site.Site{
					Listen: fmt.Sprintf("%s:%d", host, port), Upstream: app.Listener.Addr().String(),
					Rules: []site.Rule{{Rule: accel.Rule{Source: dir, Destination: destination}}},
				}, proxytest.Options{})
				for at, reached := range want {
					resp, err := http.Get(fmt.Sprintf("http://%s:%d/", at, port))
					if err == nil {
						resp.Body.Close()
					}
					if (err == nil) != reached || reached && resp.StatusCode != 200 {
						t.Errorf("listening on %q: %s gives %v, %v", host, at, resp, err)
					}
				}
			}
		})
	}
	http.DefaultClient.CloseIdleConnections()
}
