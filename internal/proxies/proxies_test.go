package proxies_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/downloadview/downloadview/internal/proxies"
	"github.com/downloadview/downloadview/internal/proxies/room"
)

// Find returns the line of the table that covers the version.
func TestFind(t *testing.T) {
	for name, want := range map[string]string{
		"nginx": "nginx", "nginx@1.22": "nginx", "apache": "apache", "apache@0.12": "apache", "apache@1.0": "apache@1.0",
		"lighttpd": "lighttpd", "lighttpd@1.4.69": "lighttpd", "caddy": "caddy", "caddy@2.6": "caddy@2.6",
		"caddy@2.6.2": "caddy@2.6", "caddy@2.5": "caddy@2.6", "caddy@1.9": "caddy@2.6", "caddy@2.11.9": "caddy", "caddy@3.0": "caddy",
		"apache@0.9": "apache", "apache@1.1": "apache@1.0",
		"Nginx": "", "": "", "iis": "", "caddy@": "", "caddy@2": "", "caddy@x.y": "", "caddy@-1.2": "",
	} {
		p, err := proxies.Find(name)
		if p.Name != want || (err != nil) != (want == "") {
			t.Errorf("%q: %q, %v, want %q", name, p.Name, err, want)
		}
		if err != nil && !strings.Contains(err.Error(), fmt.Sprintf("%q", name)) {
			t.Errorf("%q: the error %q doesn't name it", name, err)
		}
	}
}

// The table agrees with each server's accel.Proxy.
func TestTable(t *testing.T) {
	for _, p := range proxies.All() {
		if got := p.Accel().Name; got != p.Name {
			t.Errorf("%s: its accel.Proxy is called %q", p.Name, got)
		}
		if found, err := proxies.Find(p.Name); err != nil || found.Name != p.Name {
			t.Errorf("%s: found as %q, %v", p.Name, found.Name, err)
		}
		if p.Title == "" || p.Print == nil || !strings.HasPrefix(p.Name, p.Server) {
			t.Errorf("%s: the line is not complete: %+v", p.Name, p)
		}
		if s := p.Start; s.Binary != "" && (s.File == "" || s.Args == nil || s.Check == nil || s.Frame == nil) {
			t.Errorf("%s: tests can't start it: %+v", p.Name, s)
		}
		if field := p.Accel().Field; proxies.IsLocation(field) != p.Locations || !slices.Contains(proxies.Fields(), field) {
			t.Errorf("%s: %s names a location: %v, want %v", p.Name, field, !p.Locations, p.Locations)
		}
	}
}

// Each fault and each finding of a room can be reached, and has a text.
func TestFaults(t *testing.T) {
	for _, p := range proxies.All() {
		found := 0
		for _, stage := range room.Stages() {
			for _, f := range p.Faults[stage] {
				found++
				if f.Fits == nil || f.Cause == "" || f.Change == "" {
					t.Errorf("%s: stage %d has the fault %+v, want it complete", p.Name, stage, f)
				}
			}
		}
		said := 0
		for _, faults := range p.Faults {
			said += len(faults)
		}
		if found == 0 || found != said {
			t.Errorf("%s: %d of %d faults are of a stage that is asked", p.Name, found, said)
		}
		for s, f := range p.Findings {
			if f.Cause == "" || f.Change == "" {
				t.Errorf("%s: symptom %d has the finding %+v, want it complete", p.Name, s, f)
			}
		}
	}
}
