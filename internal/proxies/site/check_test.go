package site_test

import (
	"strings"
	"testing"
	"time"

	"github.com/downloadview/downloadview/accel"
	"github.com/downloadview/downloadview/internal/proxies/site"
)

// A value that no server's configuration can express is an error that names it.
func TestCheck(t *testing.T) {
	for _, tt := range []struct {
		name   string
		change func(*site.Site)
		want   string // "": fine
	}{
		{"right", func(*site.Site) {}, ""},
		{"a socket", func(s *site.Site) { s.Upstream = "unix:/run/app.sock" }, ""},
		{"no address to listen at", func(s *site.Site) { s.Listen = "" }, ""}, // a part needn't say
		{"no port", func(s *site.Site) { s.Listen = "127.0.0.1" }, `listen "127.0.0.1" is not an address`},
		{"port 0", func(s *site.Site) { s.Listen = "127.0.0.1:0" }, `listen "127.0.0.1:0" has the port "0"`},
		{"no application", func(s *site.Site) { s.Upstream = "" }, `upstream "" is not an address`},
		{"an application without a host", func(s *site.Site) { s.Upstream = ":8080" }, `upstream ":8080" has no host`},
		{"a relative socket", func(s *site.Site) { s.Upstream = "unix:app.sock" }, `upstream "unix:app.sock" is not absolute`},
		{"a relative folder", func(s *site.Site) { s.Folder = "conf" }, `folder "conf" is not absolute`},
		{"a line in a folder", func(s *site.Site) { s.Folder = "/a\nb" }, `folder "/a\nb" has a control character in it`},
		{"a name server by name", func(s *site.Site) { s.Resolvers = []string{"dns.test"} }, `resolver "dns.test" is not an address`},
		{"symlinks", func(s *site.Site) { s.Symlinks = 2 }, "symlinks 2 is not known"},
		{"a ledger", func(s *site.Site) { s.Ledger = "/var/log/a.log" }, ""},
		{"a relative ledger", func(s *site.Site) { s.Ledger = "a.log" }, `ledger "a.log" is not absolute`},
		{"a relative socket of a ledger", func(s *site.Site) { s.Ledger = "unix:s" }, `ledger "unix:s" is not absolute`},
		{"a long socket of a ledger", func(s *site.Site) { s.Ledger = "unix:/" + strings.Repeat("a", 107) }, "longer than the 107 bytes"},
		{"a line in a ledger", func(s *site.Site) { s.Ledger = "/a\nb" }, "has a control character in it"},
		{"open files", func(s *site.Site) { s.OpenFiles = -time.Second }, "open files for -1s"},
		{"a relative destination", func(s *site.Site) { s.Rules[0].Destination = "media" }, `rule "media": destination "media" does not begin with a slash`},
		{"a rate", func(s *site.Site) { s.Rules[0].LimitRate = -1 }, `rule "media": limit rate -1`},
		{"a cache", func(s *site.Site) { s.Rules[0].Cache = -1 }, `rule "media": cache of -1 bytes`},
		{"slices", func(s *site.Site) { s.Rules[0].Cache, s.Rules[0].Slice = 1, -1 }, `rule "media": slices of -1 bytes`},
		{"slices without a cache", func(s *site.Site) { s.Rules[0].Slice = 1 }, `rule "media": slices of 1 bytes without a cache`},
		{"a key", func(s *site.Site) { s.Rules[0].Signed = &accel.Signed{Hidden: []string{"a b"}} }, `rule "media": hide "a b" can't be a key`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := site.Site{
				Listen: "127.0.0.1:8000", Upstream: "127.0.0.1:8080",
				Rules: []site.Rule{{Rule: accel.Rule{Name: "media", Source: "/srv/media", Destination: "/_media/"}}},
			}
			tt.change(&s)
			err := s.Check()
			if (err == nil) != (tt.want == "") || err != nil && !strings.Contains(err.Error(), tt.want) {
				t.Errorf("error %v, want one that says %q", err, tt.want)
			}
		})
	}
}
