package proxies_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/downloadview/downloadview/accel"
	"github.com/downloadview/downloadview/internal/proxies"
	"github.com/downloadview/downloadview/internal/proxies/site"
	"github.com/downloadview/downloadview/internal/proxytest"
	"github.com/downloadview/downloadview/internal/testserver"
)

// judge makes the server check a configuration, and returns its messages.
func (o other) judge(t *testing.T, folder, conf string) string {
	t.Helper()
	path := filepath.Join(folder, "conf")
	if err := os.WriteFile(path, []byte(conf), 0o600); err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), proxytest.Binary(t, o.Name), o.Start.Check(path)...)
	cmd.Env = proxytest.Environ(folder)
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Errorf("%q: %v\n%s\n%s", cmd.Args, err, out, conf)
	}
	return string(out)
}

func (o other) full(folder string) site.Site {
	return site.Site{
		Listen:   "127.0.0.1:8080",
		Upstream: "127.0.0.1:8000",
		Folder:   folder,
		Rules: []site.Rule{
			o.Rule("media", "/_media/", "/srv/media"),
			o.Rule("inner", "/_media/inner", "/srv/inner/"),
		},
	}
}

func (o other) print(t *testing.T, s site.Site, p site.Part) string {
	t.Helper()
	var b strings.Builder
	if err := proxies.Print(&b, o.Name, s, p); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// frames are configurations into which a fragment is put.
var frames = map[string]string{
	"apache": `ServerName localhost
ErrorLog /dev/stderr
%[1]s
Listen 127.0.0.1:8080
<VirtualHost *:8080>
%[2]s
</VirtualHost>
`,
	"lighttpd":  "server.document-root = \"/\"\nserver.port = 8080\n%[1]s%[2]s",
	"caddy":     "{\n\tauto_https off\n}\n%[1]s\nexample.com {\n%[2]s\n}\n",
	"caddy@2.6": "{\n\tauto_https off\n}\n%[1]s\nexample.com {\n%[2]s\n}\n",
}

func TestOthersRead(t *testing.T) {
	eachOther(t, func(t *testing.T, o other) {
		folder := t.TempDir()
		for _, listen := range []string{"127.0.0.1:8080", "[::1]:8080", ":8080", "localhost:8080"} {
			s := o.full(folder)
			s.Listen = listen
			if said := o.judge(t, folder, o.print(t, s, site.Whole)); strings.Contains(said, o.warning) {
				t.Errorf("listening at %q it complains:\n%s", listen, said)
			}
		}
		for _, upstream := range []string{"localhost:8000", "[::1]:8000", "unix:/run/our app.sock"} {
			s := o.full(folder)
			s.Listen, s.Upstream = "", upstream
			modules := ""
			if o.Name == "apache" {
				for line := range strings.Lines(o.print(t, o.full(folder), site.Whole)) {
					if strings.HasPrefix(line, "LoadModule") {
						modules += line
					}
				}
			}
			o.judge(t, folder, fmt.Sprintf(frames[o.Name], modules, o.print(t, s, site.Fragment)))
		}
	})
}

// Only root may write to the system's directories.
func TestOthersReadForRoot(t *testing.T) {
	eachOther(t, func(t *testing.T, o other) {
		if o.Name == "apache" || o.Name == "lighttpd" {
			for _, dir := range []string{"/etc/apache2", "/var/cache/lighttpd/uploads"} {
				if _, err := os.Stat(dir); err != nil {
					testserver.Lacking(t, "needs the folders of Debian's package: %v", err)
				}
			}
		}
		o.judge(t, t.TempDir(), o.print(t, o.full(""), site.Whole))
	})
}

// Whatever characters a value has, either an error names it, or the server reads it as
// one value: the configuration has as many lines as with a plain value.
func TestOthersHostileValues(t *testing.T) {
	for _, name := range others {
		o := otherOf(t, name)
		folder := t.TempDir()
		for name, set := range map[string]func(s *site.Site, v string){
			"listen":      func(s *site.Site, v string) { s.Listen = v + ":8080" },
			"listen port": func(s *site.Site, v string) { s.Listen = "127.0.0.1:80" + v },
			"upstream":    func(s *site.Site, v string) { s.Upstream = "a" + v + ":8000" },
			"socket":      func(s *site.Site, v string) { s.Upstream = "unix:/run/a" + v + "b.sock" },
			"folder":      func(s *site.Site, v string) { s.Folder = filepath.Join(folder, "a"+v) },
			"name":        func(s *site.Site, v string) { s.Rules[0].Name = "a" + v },
			"streamed":    func(s *site.Site, v string) { s.Rules[0].Name, s.Rules[0].LimitRate = "a"+v, 1 },
			"source":      func(s *site.Site, v string) { s.Rules[0].Source = "/srv/" + v },
			"destination": func(s *site.Site, v string) { s.Rules[0].Destination += "/a" + v },
			"directory":   func(s *site.Site, v string) { s.Rules[0].Directory = "/srv/a" + v },
		} {
			t.Run(o.Name+" "+name, func(t *testing.T) {
				together := o.full(folder)
				for i, v := range proxytest.Hostile {
					s, plain := o.full(folder), o.full(folder)
					set(&s, v)
					set(&plain, "1")
					var b strings.Builder
					if err := proxies.Print(&b, o.Name, s, site.Whole); err != nil {
						if quoted := fmt.Sprintf("%q", v); !strings.Contains(err.Error(), strings.Trim(quoted, `"`)) {
							t.Errorf("with %q: error %q, want one that names it", v, err)
						}
						if b.Len() > 0 {
							t.Errorf("with %q: refused, and yet printed", v)
						}
						continue
					}
					if got, want := lines(b.String()), lines(o.print(t, plain, site.Whole)); got != want {
						t.Errorf("with %q: %d lines, want %d:\n%s", v, got, want, b.String())
					}
					if cmp.Equal(s.Rules, together.Rules[:2]) {
						os.MkdirAll(s.Folder, 0o700)
						o.judge(t, folder, b.String())
						continue
					}
					r := s.Rules[0]
					if o.Locations && name != "destination" {
						r.Destination = fmt.Sprintf("/_%d/", i) // no two can have one
					}
					together.Rules = append(together.Rules, r)
				}
				o.judge(t, folder, o.print(t, together, site.Whole))
			})
		}
	}
}

func TestOthersErrors(t *testing.T) {
	signed := func(s *site.Site) { s.Rules[1].Signed = &accel.Signed{} }
	for _, tt := range []struct {
		name, server string
		change       func(*site.Site)
		want         string
	}{
		{"signed", "apache", signed, `rule "inner": Apache can't fetch signed URLs`},
		{"signed", "lighttpd", signed, `rule "inner": lighttpd can't fetch signed URLs`},
		{"signed", "caddy", signed, `rule "inner": Caddy can't fetch signed URLs`},
		{"no listen", "apache", func(s *site.Site) { s.Listen = "" }, "listen"},
		{"no listen", "lighttpd", func(s *site.Site) { s.Listen = "" }, "listen"},
		{"no listen", "caddy", func(s *site.Site) { s.Listen = "" }, "listen"},
		{"the whole file system", "apache", func(s *site.Site) { s.Rules[0].Destination = "/" }, `"/"`},
		{"dots", "lighttpd", func(s *site.Site) { s.Rules[0].Destination = "/srv/../etc" }, `"/srv/../etc"`},
		{"a question mark in a socket", "apache", func(s *site.Site) { s.Upstream = "unix:/run/a?b" }, `"/run/a?b"`},
		{"a colon in a rule's location", "caddy", func(s *site.Site) { s.Rules[0].Destination = "/_a:b/" }, `"/_a:b/"`},
		{"dots in a rule's location", "caddy", func(s *site.Site) { s.Rules[0].Destination = "/_a/../b" }, `"/_a/../b"`},
		{"one location for two", "caddy", func(s *site.Site) { s.Rules[1].Destination = "/_media" }, `rule "media"`},
		{"a bucket without a directory", "caddy", func(s *site.Site) { s.Rules[0].Source = "s3://a/" }, `"s3://a/"`},
		{"a variable in a name", "caddy", func(s *site.Site) { s.Rules[0].Name = "a{$HOME}" }, `"a{$HOME}"`},
		{"a variable in a directory", "caddy", func(s *site.Site) { s.Rules[0].Directory = "/srv/{$HOME}" }, `"/srv/{$HOME}"`},
		{"braces in a socket", "caddy@2.6", func(s *site.Site) { s.Upstream = "unix:/run/{a}" }, `"/run/{a}"`},
	} {
		t.Run(tt.server+" "+tt.name, func(t *testing.T) {
			o := otherOf(t, "apache")
			if strings.HasPrefix(tt.server, "caddy") {
				o = otherOf(t, "caddy")
			}
			s := o.full("/f")
			tt.change(&s)
			var b strings.Builder
			err := proxies.Print(&b, tt.server, s, site.Whole)
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("error %v, want one that says %s", err, tt.want)
			}
			if b.Len() != 0 {
				t.Errorf("refused, and yet printed %q", b.String())
			}
		})
	}
}

func lines(conf string) int { return strings.Count(conf, "\n") }
