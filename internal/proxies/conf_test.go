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
func (srv server) judge(t *testing.T, folder, conf string) string {
	t.Helper()
	path := filepath.Join(folder, "conf")
	if err := os.WriteFile(path, []byte(conf), 0o600); err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), proxytest.Binary(t, srv.Name), srv.Start.Check(path)...)
	cmd.Env = proxytest.Environ(folder)
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Errorf("%q: %v\n%s\n%s", cmd.Args, err, out, conf)
	}
	return string(out)
}

func (srv server) full(folder string) site.Site {
	return site.Site{
		Listen:   "127.0.0.1:8080",
		Upstream: "127.0.0.1:8000",
		Folder:   folder,
		Rules: []site.Rule{
			srv.Rule("media", "/_media/", "/srv/media"),
			srv.Rule("inner", "/_media/inner", "/srv/inner/"),
		},
	}
}

func (srv server) print(t *testing.T, s site.Site, p site.Part) string {
	t.Helper()
	var b strings.Builder
	if err := proxies.Print(&b, srv.Name, s, p); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestServersRead(t *testing.T) {
	eachServer(t, func(t *testing.T, srv server) {
		folder := t.TempDir()
		for _, listen := range []string{"127.0.0.1:8080", "[::1]:8080", ":8080", "localhost:8080"} {
			s := srv.full(folder)
			s.Listen = listen
			if said := srv.judge(t, folder, srv.print(t, s, site.Whole)); srv.Start.Warning != "" && strings.Contains(said, srv.Start.Warning) {
				t.Errorf("listening at %q it complains:\n%s", listen, said)
			}
		}
		for _, upstream := range []string{"localhost:8000", "[::1]:8000", "unix:/run/our app.sock"} {
			s := srv.full(folder)
			s.Listen, s.Upstream = "", upstream
			whole := srv.print(t, srv.full(folder), site.Whole)
			srv.judge(t, folder, srv.Start.Frame(srv.print(t, s, site.Fragment), whole))
		}
	})
}

// The configuration without a folder of its own is for root.
func TestServersReadForRoot(t *testing.T) {
	if os.Geteuid() != 0 {
		testserver.Lacking(t, "needs root, to write to the system's directories")
	}
	eachServer(t, func(t *testing.T, srv server) {
		for _, dir := range srv.Start.Folders {
			if _, err := os.Stat(dir); err != nil {
				testserver.Lacking(t, "needs the folders of Debian's package: %v", err)
			}
		}
		srv.judge(t, t.TempDir(), srv.print(t, srv.full(""), site.Whole))
	})
}

// Whatever characters a value has, either an error names it, or the server reads it as
// one value: the configuration has as many lines as with a plain value.
func TestServersHostileValues(t *testing.T) {
	for _, name := range proxytest.Names() {
		srv := server{proxytest.KindOf(t, name)}
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
			t.Run(srv.Name+" "+name, func(t *testing.T) {
				together := srv.full(folder)
				for i, v := range proxytest.Hostile {
					s, plain := srv.full(folder), srv.full(folder)
					set(&s, v)
					set(&plain, "1")
					var b strings.Builder
					if err := proxies.Print(&b, srv.Name, s, site.Whole); err != nil {
						if quoted := fmt.Sprintf("%q", v); !strings.Contains(err.Error(), strings.Trim(quoted, `"`)) {
							t.Errorf("with %q: error %q, want one that names it", v, err)
						}
						if b.Len() > 0 {
							t.Errorf("with %q: refused, and yet printed", v)
						}
						continue
					}
					if got, want := lines(b.String()), lines(srv.print(t, plain, site.Whole)); got != want {
						t.Errorf("with %q: %d lines, want %d:\n%s", v, got, want, b.String())
					}
					if cmp.Equal(s.Rules, together.Rules[:2]) {
						os.MkdirAll(s.Folder, 0o700)
						srv.judge(t, folder, b.String())
						continue
					}
					r := s.Rules[0]
					if srv.Locations && name != "destination" {
						r.Destination = fmt.Sprintf("/_%d/", i) // no two can have one
					}
					together.Rules = append(together.Rules, r)
				}
				srv.judge(t, folder, srv.print(t, together, site.Whole))
			})
		}
	}
}

// A site that no server of a kind can be configured for is an error.
func TestServersErrors(t *testing.T) {
	all := func(server) bool { return true }
	locations := func(srv server) bool { return srv.Locations }
	directories := func(srv server) bool { return !srv.Locations }
	for _, tt := range []struct {
		name   string
		of     func(server) bool
		change func(*site.Site)
		want   string // TITLE is the title of the server
	}{
		{
			"signed", func(srv server) bool { return srv.Accel().URLField == "" },
			func(s *site.Site) { s.Rules[1].Signed = &accel.Signed{} }, `rule "inner": TITLE can't fetch signed URLs`,
		},
		{"no listen", all, func(s *site.Site) { s.Listen = "" }, "listen"},
		{"the whole file system", directories, func(s *site.Site) { s.Rules[0].Destination = "/" }, `"/"`},
		{"dots", all, func(s *site.Site) { s.Rules[0].Destination += "/../b" }, `/../b"`},
		{"one location for two", locations, func(s *site.Site) { s.Rules[1].Destination = "/_media" }, `rule "media"`},
		{"a bucket without a directory", locations, func(s *site.Site) { s.Rules[0].Source = "s3://a/" }, `"s3://a/"`},
	} {
		tested := 0
		for _, name := range proxytest.Names() {
			srv := server{proxytest.KindOf(t, name)}
			if !tt.of(srv) {
				continue
			}
			tested++
			t.Run(name+" "+tt.name, func(t *testing.T) {
				s := srv.full("/f")
				tt.change(&s)
				proxytest.Refused(t, name, s, strings.Replace(tt.want, "TITLE", srv.Title, 1))
			})
		}
		if tested == 0 {
			t.Errorf("%s: tested with no server", tt.name)
		}
	}
}

func lines(conf string) int { return strings.Count(conf, "\n") }
