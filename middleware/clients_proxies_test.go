package middleware_test

import (
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/downloadview/downloadview"
	"github.com/downloadview/downloadview/accel"
	"github.com/downloadview/downloadview/internal/proxies/site"
	"github.com/downloadview/downloadview/internal/proxytest"
	"github.com/downloadview/downloadview/middleware"
	"github.com/downloadview/downloadview/storage/disk"
)

// from returns a client whose connections come from an address of this machine.
func from(ip string) *http.Client {
	return &http.Client{Transport: &http.Transport{
		DialContext:       (&net.Dialer{LocalAddr: &net.TCPAddr{IP: net.ParseIP(ip)}}).DialContext,
		DisableKeepAlives: true,
	}}
}

// Behind each real server, with the configuration that is printed for it, a link for one
// network is for clients there, whatever fields the others send.
func TestNetworksOfLinksBehindProxies(t *testing.T) {
	const at, elsewhere = "127.0.0.5", "127.0.0.6"
	for _, server := range proxytest.Names() {
		t.Run(server, func(t *testing.T) {
			kind := proxytest.KindOf(t, server)
			dir := filepath.Join(t.TempDir(), "media")
			proxytest.Write(t, dir, "a.txt", "text")
			store, err := disk.Open(dir, nil)
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { store.Close() })
			rule := kind.Rule("media", "/_media/", dir)
			a, err := accel.New(kind.Accel(), []accel.Rule{rule.Rule}, nil)
			if err != nil {
				t.Fatal(err)
			}
			clients := middleware.NewClients(&middleware.ClientsOptions{Proxies: []netip.Prefix{netip.MustParsePrefix("127.0.0.1/32")}})
			links := middleware.NewLinks(exampleKeys, &middleware.LinksOptions{ClientIP: clients.IP})
			seen := make(chan string, 10)
			h := links.Handler(downloadview.NewHandler(a.Middleware(downloadview.StorageView{Storage: store, Key: downloadview.PathKey("/")}), nil))
			app := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				seen <- clients.IP(r).String()
				h.ServeHTTP(w, r)
			}))
			t.Cleanup(app.Close)
			front := proxytest.Start(t, server, site.Site{Upstream: app.Listener.Addr().String(), Rules: []site.Rule{rule}}, proxytest.Options{})

			link, err := links.Sign("/a.txt", middleware.Grant{Expires: time.Now().Add(time.Hour), Network: netip.MustParsePrefix(at + "/32")})
			if err != nil {
				t.Fatal(err)
			}
			for _, tt := range []struct {
				ip, field, value string
				want             int
			}{
				{at, "", "", 200},
				{at, "X-Forwarded-For", elsewhere, 200},
				{at, "Forwarded", "for=" + elsewhere, 200},
				{elsewhere, "", "", 403},
				{elsewhere, "X-Forwarded-For", at, 403},
				{elsewhere, "X-Forwarded-For", at + ", 127.0.0.1", 403},
				{elsewhere, "X-Forwarded-For", at + ",", 403},
				{elsewhere, "Forwarded", "for=" + at, 403},
				{elsewhere, "X-Real-Ip", at, 403},
			} {
				r, err := http.NewRequest("GET", front.URL+link, nil)
				if err != nil {
					t.Fatal(err)
				}
				if tt.field != "" {
					r.Header.Set(tt.field, tt.value)
				}
				resp, err := from(tt.ip).Do(r)
				if err != nil {
					t.Fatal(err)
				}
				body, err := io.ReadAll(resp.Body)
				resp.Body.Close()
				if resp.StatusCode != tt.want || err != nil || strings.Contains(string(body), "text") != (tt.want == 200) {
					t.Errorf("%+v: %d %q, %v", tt, resp.StatusCode, body, err)
				}
				if got := <-seen; got != tt.ip {
					t.Errorf("%+v: the application sees %s", tt, got)
				}
			}
		})
	}
}
