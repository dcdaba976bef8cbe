package nginx_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/downloadview/downloadview/accel"
	"github.com/downloadview/downloadview/internal/proxies"
	"github.com/downloadview/downloadview/internal/proxies/site"
	"github.com/downloadview/downloadview/internal/proxytest"
)

// judge checks that nginx accepts a configuration without a warning.
func judge(t *testing.T, folder, conf string) {
	t.Helper()
	out, err := check(t, folder, conf)
	if err != nil || strings.Contains(out, "[warn]") {
		t.Errorf("nginx -t: %v\n%s\n%s", err, out, conf)
	}
}

// check returns what nginx says about a configuration.
func check(t *testing.T, folder, conf string) (string, error) {
	t.Helper()
	nginx := proxytest.Binary(t, "nginx")
	path := filepath.Join(folder, "nginx.conf")
	if err := os.WriteFile(path, []byte(conf), 0o600); err != nil {
		t.Fatal(err)
	}
	out, err := exec.CommandContext(t.Context(), nginx, "-t", "-p", folder+"/", "-c", "nginx.conf", "-e", "stderr").CombinedOutput()
	return string(out), err
}

func full(folder string) site.Site {
	return site.Site{
		Listen:    "127.0.0.1:8080",
		Upstream:  "127.0.0.1:8000",
		Folder:    folder,
		Resolvers: []string{"127.0.0.53", "[::1]:5353"},
		OpenFiles: time.Second,
		Rules: []site.Rule{
			{Rule: accel.Rule{Name: "media", Source: "/srv/media", Destination: "/_media/"}},
			{Rule: accel.Rule{Name: "again", Source: "file:///srv/media/", Destination: "/_media"}},
			{Rule: accel.Rule{Name: "reports", Source: "s3://reports/", Destination: "/_reports/", Signed: &accel.Signed{}}},
			{Rule: accel.Rule{Name: "films", Source: "s3://films/", Destination: "/_films/", Signed: &accel.Signed{}}, Cache: 1 << 40, Slice: 1 << 20},
			{Rule: accel.Rule{Name: "books", Source: "s3://books/", Destination: "/_books/", Signed: &accel.Signed{}}, Cache: 1},
		},
	}
}

func edge() *site.Tier {
	return &site.Tier{Role: "edge", Nodes: []string{"10.0.0.11:8081", "[fd00::1]:8081"}, Applications: []string{"unix:/run/b.sock"}}
}

func cacheNode() *site.Tier {
	return &site.Tier{Role: "cache", Edges: []string{"10.0.0.2", "fd00::/64"}}
}

func print(t *testing.T, s site.Site, p site.Part) string {
	t.Helper()
	var b strings.Builder
	if err := proxies.Print(&b, "nginx", s, p); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestNginxReads(t *testing.T) {
	folder := t.TempDir()
	judge(t, folder, print(t, full(folder), site.Whole))
	below := full(folder)
	below.BasePath, below.Ledger = "/media", folder+"/downloads.log"
	judge(t, folder, print(t, below, site.Whole))
	for _, tier := range []*site.Tier{edge(), cacheNode()} {
		s := full(folder)
		s.Tier = tier
		judge(t, folder, print(t, s, site.Whole))
	}
}

// A fragment goes into server {} unchanged. The settings that it needs in http {} are
// in its first lines, indented by five.
func TestNginxReadsFragment(t *testing.T) {
	for _, upstream := range []string{"127.0.0.1:8000", "[::1]:8000", "unix:/run/our app.sock"} {
		folder := t.TempDir()
		s := full(folder)
		s.Listen, s.Upstream = "", upstream
		const frame = "pid nginx.pid;\nevents {}\nhttp {\naccess_log off;\n%s\nserver {\nlisten 127.0.0.1:8080;\n%s\n}\n}\n"
		conf := print(t, s, site.Fragment)
		http := linesForHTTP(conf)
		judge(t, folder, fmt.Sprintf(frame, http, conf))
		if grouped := strings.Replace(conf, "proxy_pass", "proxy_pass http://downloadview; #", 1); grouped != conf {
			judge(t, folder, fmt.Sprintf(frame, http, grouped))
		}
		s.Tier = edge()
		tiered := print(t, s, site.Fragment)
		judge(t, folder, fmt.Sprintf(frame, linesForHTTP(tiered), tiered))
		s.Tier = nil
		s.Rules = s.Rules[:3] // without a cache it needs nothing
		judge(t, folder, fmt.Sprintf(frame, "", print(t, s, site.Fragment)))
	}
}

// linesForHTTP returns the lines that a fragment needs in http {}.
func linesForHTTP(fragment string) string {
	var b strings.Builder
	for line := range strings.Lines(fragment) {
		if inside, ok := strings.CutPrefix(line, "#     "); ok {
			b.WriteString(inside)
		}
	}
	return b.String()
}

// Whatever characters a value has, either an error names it, or nginx reads it as one
// value: there are as many directives as with a plain value.
func TestNginxHostileValues(t *testing.T) {
	proxytest.Binary(t, "nginx")
	folder := t.TempDir()
	for name, set := range map[string]func(s *site.Site, v string){
		"listen":      func(s *site.Site, v string) { s.Listen = v + ":8080" },
		"listen port": func(s *site.Site, v string) { s.Listen = "127.0.0.1:80" + v },
		"upstream":    func(s *site.Site, v string) { s.Upstream = "a" + v + ":8000" },
		"socket":      func(s *site.Site, v string) { s.Upstream = "unix:/run/a" + v + "b.sock" },
		"folder":      func(s *site.Site, v string) { s.Folder = filepath.Join(folder, "a"+v) },
		"resolver":    func(s *site.Site, v string) { s.Resolvers = []string{"127.0.0.1" + v} },
		"authorities": func(s *site.Site, v string) { s.Authorities = filepath.Join(folder, "ca"+v) },
		"name":        func(s *site.Site, v string) { s.Rules[0].Name = "a" + v },
		"source":      func(s *site.Site, v string) { s.Rules[0].Source = "/srv/" + v },
		"store":       func(s *site.Site, v string) { s.Rules[2].Name, s.Rules[2].Source = "", "s3://"+v },
		"destination": func(s *site.Site, v string) { s.Rules[0].Destination = "/_a" + v },
		"directory":   func(s *site.Site, v string) { s.Rules[0].Directory = "/srv/a" + v },
		"application": func(s *site.Site, v string) { s.Rules[2].Cache, s.Tier = 1, edge(); s.Tier.Applications[0] += v },
		"cache node": func(s *site.Site, v string) {
			s.Rules[2].Cache, s.Tier = 1, edge()
			s.Tier.Nodes[0] = "a" + v + ":8081"
		},
		"edge":        func(s *site.Site, v string) { s.Rules[2].Cache, s.Tier = 1, cacheNode(); s.Tier.Edges[0] += v },
		"at the edge": func(s *site.Site, v string) { s.Rules[2].Cache, s.Tier = 1, edge(); s.Rules[2].Destination = "/_a" + v },
		"at a node": func(s *site.Site, v string) {
			s.Rules[2].Cache, s.Tier = 1, cacheNode()
			s.Rules[2].Destination = "/_a" + v
		},
		"hide": func(s *site.Site, v string) { s.Rules[2].Signed = &accel.Signed{Hidden: []string{"a" + v}} },
	} {
		t.Run(name, func(t *testing.T) {
			for _, v := range proxytest.Hostile {
				s := full(folder)
				s.Rules = append([]site.Rule{}, s.Rules[0], s.Rules[1], s.Rules[2])
				s.Rules[1].Destination = "/_again/"
				set(&s, v)
				var b strings.Builder
				err := proxies.Print(&b, "nginx", s, site.Whole)
				if err != nil {
					if quoted := fmt.Sprintf("%q", v); !strings.Contains(err.Error(), strings.Trim(quoted, `"`)) {
						t.Errorf("with %q: error %q, want one that names it", v, err)
					}
					if b.Len() > 0 {
						t.Errorf("with %q: refused, and yet printed", v)
					}
					continue
				}
				os.MkdirAll(s.Folder, 0o700)
				if s.Authorities != "" {
					certificate(t, s.Authorities)
				}
				judge(t, folder, b.String())
				if got, want := directives(b.String()), directives(print(t, plainly(s), site.Whole)); got != want {
					t.Errorf("with %q: %d lines, want %d", v, got, want)
				}
			}
		})
	}
}

func plainly(s site.Site) site.Site {
	plain := full("/f")
	plain.Rules = append([]site.Rule{}, plain.Rules[0], plain.Rules[1], plain.Rules[2])
	plain.Rules[1].Destination = "/_again/"
	plain.Rules[2].Signed = s.Rules[2].Signed
	if s.Tier != nil {
		plain.Rules[2].Cache = 1
		plain.Tier = map[string]*site.Tier{"edge": edge(), "cache": cacheNode()}[s.Tier.Role]
	}
	return plain
}

func directives(conf string) int { return strings.Count(conf, "\n") }

// tiered sets an edge with a change.
func tiered(change func(*site.Tier)) func(*site.Site) {
	return func(s *site.Site) {
		s.Tier = edge()
		change(s.Tier)
	}
}

func TestPrintErrors(t *testing.T) {
	for _, tt := range []struct {
		name   string
		server string
		change func(*site.Site)
		part   site.Part
		want   string
	}{
		{"unknown server", "iis", func(*site.Site) {}, site.Whole, `"iis"`},
		{"the known ones", "iis", func(*site.Site) {}, site.Whole, "nginx"},
		{"unknown part", "nginx", func(*site.Site) {}, 7, "part 7"},
		{"no listen", "nginx", func(s *site.Site) { s.Listen = "" }, site.Whole, "listen"},
		{"no upstream", "nginx", func(s *site.Site) { s.Upstream = "" }, site.Whole, "upstream"},
		{"a relative socket", "nginx", func(s *site.Site) { s.Upstream = "unix:app.sock" }, site.Whole, `"unix:app.sock"`},
		{"a long socket", "nginx", func(s *site.Site) { s.Upstream = "unix:/" + strings.Repeat("a", 107) }, site.Whole, "107"},
		{"a socket with a colon, in a fragment", "nginx", func(s *site.Site) { s.Upstream = "unix:/a:b" }, site.Fragment, `"unix:/a:b"`},
		{"a relative folder", "nginx", func(s *site.Site) { s.Folder = "nginx" }, site.Whole, `folder "nginx"`},
		{"half a second", "nginx", func(s *site.Site) { s.OpenFiles = time.Second / 2 }, site.Whole, "500ms"},
		{"a dollar", "nginx", func(s *site.Site) { s.Rules[0].Directory = "/srv/$a" }, site.Whole, `"/srv/$a/"`},
		{"a bucket without a directory", "nginx", func(s *site.Site) { s.Rules[2].Signed = nil }, site.Whole, `"s3://reports/"`},
		{"the application's location", "nginx", func(s *site.Site) { s.Rules[0].Destination = "/" }, site.Whole, `destination "/"`},
		{"one location for two", "nginx", func(s *site.Site) { s.Rules[2].Destination = "/_media" }, site.Whole, `rule "media"`},
		{"dots", "nginx", func(s *site.Site) { s.Rules[0].Destination = "/_a/../b" }, site.Whole, `"/_a/../b"`},
		{"no such role", "nginx", tiered(func(t *site.Tier) { t.Role = "middle" }), site.Whole, `tier "middle"`},
		{"an edge without nodes", "nginx", tiered(func(t *site.Tier) { t.Nodes = nil }), site.Whole, "cache nodes"},
		{"a node without edges", "nginx", tiered(func(t *site.Tier) { t.Role = "cache" }), site.Whole, "addresses of its edges"},
		{"a node without a host", "nginx", tiered(func(t *site.Tier) { t.Nodes[0] = ":8081" }), site.Whole, `cache node ":8081"`},
		{"a node twice", "nginx", tiered(func(t *site.Tier) { t.Nodes[1] = t.Nodes[0] }), site.Whole, `"10.0.0.11:8081" is there twice`},
		{"an edge by name", "nginx", tiered(func(t *site.Tier) { t.Edges = []string{"edge.local"} }), site.Whole, `edge "edge.local"`},
		{"a network that is an address", "nginx", tiered(func(t *site.Tier) { t.Edges = []string{"10.0.0.2/24"} }), site.Whole, `edge "10.0.0.2/24"`},
		{"an application without a port", "nginx", tiered(func(t *site.Tier) { t.Applications[0] = "10.0.0.3" }), site.Whole, `application "10.0.0.3"`},
		{"a fragment of a node", "nginx", func(s *site.Site) { s.Tier = cacheNode() }, site.Fragment, "whole configuration"},
		{"a node at a name", "nginx", func(s *site.Site) { s.Listen, s.Tier = "localhost:8081", cacheNode() }, site.Whole, `listen "localhost:8081"`},
		{"a node at every address", "nginx", func(s *site.Site) { s.Listen, s.Tier = "0.0.0.0:8081", cacheNode() }, site.Whole, `listen "0.0.0.0:8081"`},
		{"a tier without a cache", "nginx", func(s *site.Site) { s.Rules, s.Tier = s.Rules[:3], edge() }, site.Whole, "no rule has a cache"},
		{"a node's own location", "nginx", func(s *site.Site) { s.Rules[3].Destination, s.Tier = "/downloadview_1/fetch", cacheNode() }, site.Whole, `"/downloadview_1/fetch/"`},
		{"a tier of Apache", "apache", func(s *site.Site) { s.Rules, s.Tier = s.Rules[:1], edge() }, site.Whole, "Apache"},
		{"slices without a cache", "nginx", func(s *site.Site) { s.Rules[3].Cache = 0 }, site.Whole, "slices of 1048576"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := full("/f")
			tt.change(&s)
			var b strings.Builder
			err := proxies.Print(&b, tt.server, s, tt.part)
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("error %v, want one that says %s", err, tt.want)
			}
			if b.Len() != 0 {
				t.Errorf("refused, and yet printed %q", b.String())
			}
		})
	}
}
