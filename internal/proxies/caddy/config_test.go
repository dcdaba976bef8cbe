package caddy_test

import (
	"io"
	"net/http"
	"testing"

	"github.com/downloadview/downloadview/accel"
	"github.com/downloadview/downloadview/internal/proxies/site"
	"github.com/downloadview/downloadview/internal/proxytest"
)

// Header fields of a request don't hand over a file, and every method reaches the
// application.
func TestCaddyPassesMethodsOn(t *testing.T) {
	for _, server := range []string{"caddy", "caddy@2.6"} {
		t.Run(server, func(t *testing.T) {
			proxy := proxytest.Start(t, server, site.Site{
				Upstream: proxytest.Application(t, func(w http.ResponseWriter, r *http.Request) { io.WriteString(w, r.Method) }),
				Rules:    []site.Rule{{Rule: accel.Rule{Source: t.TempDir(), Destination: "/_media/"}}},
			}, proxytest.Options{})
			for _, method := range []string{"GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "PROPFIND"} {
				resp := proxy.Do(t, method, "/", http.Header{"X-Accel-Redirect": {"/_media/a.bin"}})
				if body := proxytest.Body(t, resp); body != method {
					t.Errorf("%s: the application saw %q", method, body)
				}
			}
		})
	}
}

// If two locations match, the longer one is used, in any order of the rules. A location
// matches whole path segments.
func TestCaddyTakesTheLongestLocation(t *testing.T) {
	top := t.TempDir()
	for _, dir := range []string{"media", "media/inner", "inner", "private"} {
		proxytest.Write(t, top, dir+"/f.txt", dir)
	}
	rules := []site.Rule{
		{Rule: accel.Rule{Source: top + "/media", Destination: "/_media/"}},
		{Rule: accel.Rule{Source: top + "/inner", Destination: "/_media/inner"}},
		{Rule: accel.Rule{Source: top + "/private", Destination: "/_media-private"}},
	}
	for _, server := range []string{"caddy", "caddy@2.6"} {
		t.Run(server, func(t *testing.T) {
			proxy := proxytest.Start(t, server, site.Site{
				Upstream: proxytest.Application(t, func(w http.ResponseWriter, r *http.Request) {
					w.Header().Set("X-Accel-Redirect", r.URL.Path)
				}),
				Rules: rules,
			}, proxytest.Options{})
			for target, want := range map[string]string{
				"/_media/f.txt":         "media",
				"/_media/inner/f.txt":   "inner",
				"/_media-private/f.txt": "private",
				"/_mediaf.txt":          "", // no rule's
				"/_media-other/f.txt":   "",
			} {
				resp := proxy.Do(t, "GET", target, nil)
				status := http.StatusOK
				if want == "" {
					status = http.StatusBadGateway
				}
				if body := proxytest.Body(t, resp); resp.StatusCode != status || body != want {
					t.Errorf("%s: %s %q, want %d %q", target, resp.Status, body, status, want)
				}
			}
		})
	}
}

// Caddy would read these values as something else.
func TestCaddyRefuses(t *testing.T) {
	for _, tt := range []struct {
		name, server string
		change       func(*site.Site)
		want         string
	}{
		{"a colon in a location", "caddy", func(s *site.Site) { s.Rules[0].Destination = "/_a:b/" }, `"/_a:b/"`},
		{"a letter beyond ASCII", "caddy", func(s *site.Site) { s.Rules[0].Destination = "/_ü/" }, `has 'ü' in it`},
		{"a variable in a name", "caddy", func(s *site.Site) { s.Rules[0].Name = "a{$HOME}" }, `"a{$HOME}"`},
		{"a variable in a directory", "caddy", func(s *site.Site) { s.Rules[0].Directory = "/srv/{$HOME}" }, `"/srv/{$HOME}"`},
		{"braces in a socket", "caddy@2.6", func(s *site.Site) { s.Upstream = "unix:/run/{a}" }, `"/run/{a}"`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := site.Site{
				Listen:   "127.0.0.1:8080",
				Upstream: "127.0.0.1:8000",
				Rules:    []site.Rule{{Rule: accel.Rule{Name: "media", Source: "/srv/media", Destination: "/_media/"}}},
			}
			tt.change(&s)
			proxytest.Refused(t, tt.server, s, tt.want)
		})
	}
}
