package proxyconf_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/downloadview/downloadview/internal/proxyconf"
	"github.com/downloadview/downloadview/internal/testserver"
)

// judge has nginx read a configuration, without complaint.
func judge(t *testing.T, folder, conf string) {
	t.Helper()
	nginx := testserver.Binary(t, "nginx", "DOWNLOADVIEW_NGINX")
	path := filepath.Join(folder, "nginx.conf")
	if err := os.WriteFile(path, []byte(conf), 0o600); err != nil {
		t.Fatal(err)
	}
	out, err := exec.CommandContext(t.Context(), nginx, "-t", "-p", folder+"/", "-c", "nginx.conf", "-e", "stderr").CombinedOutput()
	if err != nil || strings.Contains(string(out), "[warn]") {
		t.Errorf("nginx -t: %v\n%s\n%s", err, out, conf)
	}
}

func full(folder string) proxyconf.Site {
	return proxyconf.Site{
		Listen:    "127.0.0.1:8080",
		Upstream:  "127.0.0.1:8000",
		Folder:    folder,
		Resolvers: []string{"127.0.0.53", "[::1]:5353"},
		OpenFiles: time.Second,
		Rules: []proxyconf.Rule{
			{Name: "media", Source: "/srv/media", Destination: "/_media/"},
			{Name: "again", Source: "file:///srv/media/", Destination: "/_media"},
			{Name: "reports", Source: "s3://reports/", Destination: "/_reports/", Origin: &proxyconf.Origin{}},
			{Name: "films", Source: "s3://films/", Destination: "/_films/", Origin: &proxyconf.Origin{Cache: 1 << 40, Slice: 1 << 20}},
			{Name: "books", Source: "s3://books/", Destination: "/_books/", Origin: &proxyconf.Origin{Cache: 1}},
		},
	}
}

func print(t *testing.T, s proxyconf.Site, p proxyconf.Part) string {
	t.Helper()
	var b strings.Builder
	if err := proxyconf.Print(&b, "nginx", s, p); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestNginxReads(t *testing.T) {
	folder := t.TempDir()
	judge(t, folder, print(t, full(folder), proxyconf.Whole))
}

// A fragment is for server {} as it is. What it asks for in http {} stands in
// its first lines, indented by five.
func TestNginxReadsFragment(t *testing.T) {
	for _, upstream := range []string{"127.0.0.1:8000", "[::1]:8000", "unix:/run/our app.sock"} {
		folder := t.TempDir()
		s := full(folder)
		s.Listen, s.Upstream = "", upstream
		const frame = "pid nginx.pid;\nevents {}\nhttp {\n%s\nserver {\nlisten 127.0.0.1:8080;\n%s\n}\n}\n"
		conf := print(t, s, proxyconf.Fragment)
		var http strings.Builder
		for line := range strings.Lines(conf) {
			if inside, ok := strings.CutPrefix(line, "#     "); ok {
				http.WriteString(inside)
			}
		}
		judge(t, folder, fmt.Sprintf(frame, http.String(), conf))
		if grouped := strings.Replace(conf, "proxy_pass", "proxy_pass http://downloadview; #", 1); grouped != conf {
			judge(t, folder, fmt.Sprintf(frame, http.String(), grouped))
		}
		s.Rules = s.Rules[:3] // without a cache it needs nothing
		judge(t, folder, fmt.Sprintf(frame, "", print(t, s, proxyconf.Fragment)))
	}
}

// hostile are pieces that would end a word, a comment or a block.
var hostile = []string{
	" ", ";", "{", "}", `"`, "'", `\`, "$", "${x}", "#", "\n", "\r", "\x00", "\t", "\x7f", "; }", "\n}\nevil;\n",
	`"; return 200 evil; #`, "';}", `\"; evil "`, `\`, "~", "@", "=", "%", "*", "ü", "\xff", "]", "[", ",", ":", "|", "<>",
}

// Whatever a value holds, it is refused by its name or nginx reads it as one:
// there are as many directives as without.
func TestNginxHostileValues(t *testing.T) {
	testserver.Binary(t, "nginx", "DOWNLOADVIEW_NGINX")
	folder := t.TempDir()
	for name, set := range map[string]func(s *proxyconf.Site, v string){
		"listen":      func(s *proxyconf.Site, v string) { s.Listen = v + ":8080" },
		"listen port": func(s *proxyconf.Site, v string) { s.Listen = "127.0.0.1:80" + v },
		"upstream":    func(s *proxyconf.Site, v string) { s.Upstream = "a" + v + ":8000" },
		"socket":      func(s *proxyconf.Site, v string) { s.Upstream = "unix:/run/a" + v + "b.sock" },
		"folder":      func(s *proxyconf.Site, v string) { s.Folder = filepath.Join(folder, "a"+v) },
		"resolver":    func(s *proxyconf.Site, v string) { s.Resolvers = []string{"127.0.0.1" + v} },
		"authorities": func(s *proxyconf.Site, v string) { s.Authorities = filepath.Join(folder, "ca"+v) },
		"name":        func(s *proxyconf.Site, v string) { s.Rules[0].Name = "a" + v },
		"source":      func(s *proxyconf.Site, v string) { s.Rules[0].Source = "/srv/" + v },
		"store":       func(s *proxyconf.Site, v string) { s.Rules[2].Name, s.Rules[2].Source = "", "s3://"+v },
		"destination": func(s *proxyconf.Site, v string) { s.Rules[0].Destination = "/_a" + v },
		"directory":   func(s *proxyconf.Site, v string) { s.Rules[0].Directory = "/srv/a" + v },
		"hide":        func(s *proxyconf.Site, v string) { s.Rules[2].Origin.Hide = []string{"X-A" + v} },
	} {
		t.Run(name, func(t *testing.T) {
			for _, v := range hostile {
				s := full(folder)
				s.Rules = append([]proxyconf.Rule{}, s.Rules[0], s.Rules[1], s.Rules[2])
				s.Rules[1].Destination = "/_again/"
				set(&s, v)
				var b strings.Builder
				err := proxyconf.Print(&b, "nginx", s, proxyconf.Whole)
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
				if got, want := directives(b.String()), directives(print(t, plainly(s), proxyconf.Whole)); got != want {
					t.Errorf("with %q: %d lines, want %d", v, got, want)
				}
			}
		})
	}
}

func plainly(s proxyconf.Site) proxyconf.Site {
	plain := full("/f")
	plain.Rules = append([]proxyconf.Rule{}, plain.Rules[0], plain.Rules[1], plain.Rules[2])
	plain.Rules[1].Destination = "/_again/"
	plain.Rules[2].Origin.Hide = s.Rules[2].Origin.Hide
	return plain
}

func directives(conf string) int { return strings.Count(conf, "\n") }

func TestPrintErrors(t *testing.T) {
	for _, tt := range []struct {
		name   string
		server string
		change func(*proxyconf.Site)
		part   proxyconf.Part
		want   string
	}{
		{"unknown server", "iis", func(*proxyconf.Site) {}, proxyconf.Whole, `"iis"`},
		{"the known ones", "iis", func(*proxyconf.Site) {}, proxyconf.Whole, "nginx"},
		{"unknown part", "nginx", func(*proxyconf.Site) {}, 7, "part 7"},
		{"no listen", "nginx", func(s *proxyconf.Site) { s.Listen = "" }, proxyconf.Whole, "listen"},
		{"no upstream", "nginx", func(s *proxyconf.Site) { s.Upstream = "" }, proxyconf.Whole, "upstream"},
		{"a relative socket", "nginx", func(s *proxyconf.Site) { s.Upstream = "unix:app.sock" }, proxyconf.Whole, `"unix:app.sock"`},
		{"a long socket", "nginx", func(s *proxyconf.Site) { s.Upstream = "unix:/" + strings.Repeat("a", 107) }, proxyconf.Whole, "107"},
		{"a socket with a colon, in a fragment", "nginx", func(s *proxyconf.Site) { s.Upstream = "unix:/a:b" }, proxyconf.Fragment, `"unix:/a:b"`},
		{"a relative folder", "nginx", func(s *proxyconf.Site) { s.Folder = "nginx" }, proxyconf.Whole, `folder "nginx"`},
		{"half a second", "nginx", func(s *proxyconf.Site) { s.OpenFiles = time.Second / 2 }, proxyconf.Whole, "500ms"},
		{"a dollar", "nginx", func(s *proxyconf.Site) { s.Rules[0].Directory = "/srv/$a" }, proxyconf.Whole, `"/srv/$a/"`},
		{"a bucket without a directory", "nginx", func(s *proxyconf.Site) { s.Rules[2].Origin = nil }, proxyconf.Whole, `"s3://reports/"`},
		{"the application's location", "nginx", func(s *proxyconf.Site) { s.Rules[0].Destination = "/" }, proxyconf.Whole, `destination "/"`},
		{"one location for two", "nginx", func(s *proxyconf.Site) { s.Rules[2].Destination = "/_media" }, proxyconf.Whole, `rule "media"`},
		{"dots", "nginx", func(s *proxyconf.Site) { s.Rules[0].Destination = "/_a/../b" }, proxyconf.Whole, `"/_a/../b"`},
		{"slices without a cache", "nginx", func(s *proxyconf.Site) { s.Rules[3].Origin.Cache = 0 }, proxyconf.Whole, "slices of 1048576"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := full("/f")
			tt.change(&s)
			var b strings.Builder
			err := proxyconf.Print(&b, tt.server, s, tt.part)
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("error %v, want one that says %s", err, tt.want)
			}
			if b.Len() != 0 {
				t.Errorf("refused, and yet printed %q", b.String())
			}
		})
	}
}
