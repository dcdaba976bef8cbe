package middleware_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/go-chi/cors"
	"github.com/unrolled/secure"

	"github.com/downloadview/downloadview"
	"github.com/downloadview/downloadview/accel"
	"github.com/downloadview/downloadview/internal/proxies/site"
	"github.com/downloadview/downloadview/internal/proxytest"
	"github.com/downloadview/downloadview/storage/disk"
)

// corsOfDownloads lets scripts of one origin download, whole and in ranges.
var corsOfDownloads = cors.Options{
	AllowedOrigins: []string{"https://app.example"},
	AllowedMethods: []string{"GET", "HEAD"},
	AllowedHeaders: []string{"Range", "If-Range", "If-Match", "If-None-Match", "If-Modified-Since", "If-Unmodified-Since"},
	ExposedHeaders: []string{"Accept-Ranges", "Content-Disposition", "Content-Range", "ETag", "Retry-After"},
	MaxAge:         3600,
}

// securityOfDownloads are policies for answers that no page of the site needs to show.
var securityOfDownloads = secure.Options{
	ContentSecurityPolicy:     "default-src 'none'; sandbox",
	CrossOriginResourcePolicy: "same-site",
	ReferrerPolicy:            "no-referrer",
}

// The fields of go-chi/cors and unrolled/secure are on each answer: streamed, and from
// each real server with the configuration that is printed for it.
func TestCORSAndSecurityOfDownloads(t *testing.T) {
	for _, server := range slices.Concat([]string{"streamed"}, proxytest.Names()) {
		t.Run(server, func(t *testing.T) {
			dir := filepath.Join(t.TempDir(), "media")
			proxytest.Write(t, dir, "a.txt", "0123456789")
			old := time.Now().Add(-time.Hour) // a younger file may have no entity tag
			if err := os.Chtimes(filepath.Join(dir, "a.txt"), old, old); err != nil {
				t.Fatal(err)
			}
			store, err := disk.Open(dir, nil)
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { store.Close() })
			outcomes := make(chan downloadview.Outcome, 100)
			var v downloadview.View = downloadview.StorageView{Storage: store, Key: downloadview.PathKey("/"), Response: downloadview.Response{CheckFirst: true}}
			var rule site.Rule
			if server != "streamed" {
				kind := proxytest.KindOf(t, server)
				rule = kind.Rule("media", "/_media/", dir)
				rule.Headers = accel.PassAll
				a, err := accel.New(kind.Accel(), []accel.Rule{rule.Rule}, nil)
				if err != nil {
					t.Fatal(err)
				}
				v = a.Middleware(v)
			}
			h := downloadview.NewHandler(v, &downloadview.Options{Observer: func(_ *http.Request, o downloadview.Outcome) { outcomes <- o }})
			app := httptest.NewServer(cors.Handler(corsOfDownloads)(secure.New(securityOfDownloads).Handler(h)))
			t.Cleanup(app.Close)
			url := app.URL
			if server != "streamed" {
				url = proxytest.Start(t, server, site.Site{Upstream: app.Listener.Addr().String(), Rules: []site.Rule{rule}}, proxytest.Options{}).URL
			}
			ask := func(method, path string, fields ...string) *http.Response {
				t.Helper()
				r, err := http.NewRequest(method, url+path, nil)
				if err != nil {
					t.Fatal(err)
				}
				r.Header.Set("Origin", "https://app.example")
				for i := 0; i < len(fields); i += 2 {
					r.Header.Set(fields[i], fields[i+1])
				}
				resp, err := http.DefaultTransport.RoundTrip(r)
				if err != nil {
					t.Fatal(err)
				}
				io.Copy(io.Discard, resp.Body)
				resp.Body.Close()
				return resp
			}
			tag := ask("HEAD", "/a.txt").Header.Get("ETag")
			<-outcomes
			handed := 0
			for _, tt := range []struct {
				method, path, field, value string
				want                       int
			}{
				{"GET", "/a.txt", "", "", 200},
				{"HEAD", "/a.txt", "", "", 200},
				{"GET", "/a.txt", "Range", "bytes=2-4", 206},
				{"GET", "/a.txt", "If-None-Match", tag, 304},
				{"GET", "/a.txt", "Range", "bytes=99-", 416},
				{"GET", "/missing", "", "", 404},
				{"GET", "/a.txt", "Origin", "https://other.example", 200},
			} {
				fields := []string{tt.field, tt.value}
				if tt.field == "" {
					fields = nil
				}
				resp := ask(tt.method, tt.path, fields...)
				if o := <-outcomes; o.Mode == downloadview.Offloaded {
					handed++
				}
				if resp.StatusCode != tt.want {
					t.Errorf("%+v: %d", tt, resp.StatusCode)
				}
				origin := "https://app.example"
				if tt.field == "Origin" {
					origin = ""
				}
				for name, want := range map[string]string{
					"Access-Control-Allow-Origin":  origin,
					"Content-Security-Policy":      "default-src 'none'; sandbox",
					"Cross-Origin-Resource-Policy": "same-site",
					"Referrer-Policy":              "no-referrer",
				} {
					if got := strings.Join(resp.Header.Values(name), " | "); got != want {
						t.Errorf("%s %s %s %d: %s: %q, want %q", tt.method, tt.path, tt.field, resp.StatusCode, name, got, want)
					}
				}
				if got := strings.Join(resp.Header.Values("Vary"), ", "); strings.Count(got, "Origin") != 1 {
					t.Errorf("%s %s %s %d: Vary: %q, want Origin in it", tt.method, tt.path, tt.field, resp.StatusCode, got)
				}
				if got := resp.Header.Get("Access-Control-Expose-Headers"); origin != "" && !strings.Contains(got, "Content-Range") {
					t.Errorf("%s %s %s %d: exposed: %q, want Content-Range in it", tt.method, tt.path, tt.field, resp.StatusCode, got)
				}
			}
			if server != "streamed" && handed < 4 {
				t.Errorf("%d downloads were handed over", handed)
			}

			resp := ask("OPTIONS", "/a.txt", "Access-Control-Request-Method", "GET", "Access-Control-Request-Headers", "range")
			if got := resp.Header.Get("Access-Control-Allow-Headers"); resp.StatusCode != 200 || got != "Range" {
				t.Errorf("a preflight is answered %d, allowed fields %q", resp.StatusCode, got)
			}
			resp = ask("OPTIONS", "/a.txt", "Access-Control-Request-Method", "DELETE")
			if got := resp.Header.Get("Access-Control-Allow-Origin"); got != "" {
				t.Errorf("a preflight for DELETE is allowed for %q", got)
			}
		})
	}
}
