package nginx_test

import (
	"encoding/pem"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/downloadview/downloadview/accel"
	"github.com/downloadview/downloadview/internal/proxies/site"
	"github.com/downloadview/downloadview/internal/proxytest"
)

// certificate writes the certificate of httptest's servers to a file.
func certificate(t *testing.T, path string) {
	t.Helper()
	s := httptest.NewUnstartedServer(nil)
	s.StartTLS()
	defer s.Close()
	if err := os.WriteFile(path, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: s.Certificate().Raw}), 0o600); err != nil {
		t.Fatal(err)
	}
}

// A store without a trusted certificate gets no request.
func TestNginxVerifiesStore(t *testing.T) {
	store := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "object") }))
	t.Cleanup(store.Close)
	authorities := filepath.Join(t.TempDir(), "ca.pem")
	certificate(t, authorities)
	for _, tt := range []struct {
		name, authorities string
		status            int
	}{{"trusted", authorities, 200}, {"not trusted", "", 502}} {
		t.Run(tt.name, func(t *testing.T) {
			proxy := proxytest.Start(t, "nginx", site.Site{
				Upstream:    proxytest.Application(t, signed(func(*http.Request) (string, string) { return store.URL, "" })),
				Authorities: tt.authorities,
				Rules:       []site.Rule{{Rule: accel.Rule{Source: "s3://files/", Destination: "/_s3", Signed: &accel.Signed{}}}},
			}, proxytest.Options{Edit: func(conf string) string {
				// nginx compares names only, and there is no name server here.
				return strings.Replace(conf, "proxy_ssl_server_name on;", "proxy_ssl_server_name on; proxy_ssl_name example.com;", 1)
			}})
			resp := proxy.Do(t, "GET", "/", nil)
			body := proxytest.Body(t, resp)
			if resp.StatusCode != tt.status || (body == "object") != (tt.status == 200) {
				t.Errorf("%s %q, want %d", resp.Status, body, tt.status)
			}
		})
	}
}
