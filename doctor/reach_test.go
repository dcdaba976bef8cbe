package doctor_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/downloadview/downloadview/doctor"
	"github.com/downloadview/downloadview/internal/proxytest"
	"github.com/downloadview/downloadview/internal/testserver"
)

// TestOtherAnswers: requests don't reach the application. The doctor doesn't blame
// the proxy's directory for that.
func TestOtherAnswers(t *testing.T) {
	for _, b := range []struct {
		server string
		breakage
	}{
		{"nginx", breakage{
			"default server", edits("server {\n        listen ADDR;", "server { listen ADDR; return 404; }\n    server {\n        listen ADDR;\n server_name files.example.com;"),
			"proxy-file", doctor.Failed, "another server answers for the host 127.0.0.1", "`server_name 127.0.0.1;`",
		}},
		{"nginx", breakage{
			"a location for the end of names", edits(proxied, `location ~ \.txt$ { root /srv/elsewhere; }`+"\n"+proxied),
			"proxy-file", doctor.Failed, "another location answers, such as one for the end of its name", "regular expression",
		}},
		{"nginx", breakage{
			"a location for the path", edits(proxied, "location /files/ { root /srv/elsewhere; }\n"+proxied),
			"proxy-file", doctor.Failed, "nginx doesn't send requests for /files/ to the application", "`proxy_pass` in the `location /files/`",
		}},
		{"apache", breakage{
			"first virtual host", edits("<VirtualHost ", "<VirtualHost *:PORT>\n ServerName first.example.com\n DocumentRoot /nowhere\n</VirtualHost>\n<VirtualHost ", "AllowEncodedSlashes NoDecode", "ServerName files.example.com\nAllowEncodedSlashes NoDecode"),
			"proxy-file", doctor.Failed, "another virtual host answers for the host 127.0.0.1", "`ServerName 127.0.0.1`",
		}},
		{"lighttpd", breakage{
			"another host", edits(`proxy.server = (`, `$HTTP["host"] == "files.example.com" { proxy.server = (`, "\n) ) )", "\n) ) ) }"),
			"proxy-file", doctor.Failed, "its proxy.server is for another host than 127.0.0.1", `$HTTP["host"]`,
		}},
		{"caddy", breakage{
			"another host", edits("http://:", "http://files.example.com:"),
			"proxy-file", doctor.Failed, "its site block is for another host than 127.0.0.1", "address of the site block",
		}},
	} {
		for _, app := range []string{"with a witness", "without a witness"} {
			t.Run(b.server+" "+b.name+" "+app, func(t *testing.T) {
				t.Parallel()
				s := newSetting(t, b.server)
				s.bare = app == "without a witness"
				edit := func(conf string) string {
					b.broken(t, s)
					return s.edit(conf)
				}
				addressed := b.breakage
				s.edit = func(conf string) string {
					addr := listenOf(t, conf)
					_, port, _ := strings.Cut(addr, ":")
					conf = strings.NewReplacer(addr, "ADDR").Replace(conf)
					return strings.NewReplacer("ADDR", addr, "PORT", port).Replace(edit(conf))
				}
				addressed.expect(t, run(t, s.start(t), s.dir), s.dir)
			})
		}
	}
}

// listenOf returns the address where a printed configuration of nginx listens; for
// other servers, an address that isn't in the configuration.
func listenOf(t *testing.T, conf string) string {
	t.Helper()
	for line := range strings.Lines(conf) {
		line = strings.TrimSpace(line)
		if addr, ok := strings.CutPrefix(line, "listen "); ok {
			return strings.TrimSuffix(addr, ";")
		}
		if addr, ok := strings.CutPrefix(line, "Listen "); ok {
			return addr
		}
	}
	return "nowhere:0"
}

// TestApplicationRefuses: the application itself has no such file. The doctor doesn't
// blame the proxy for that.
func TestApplicationRefuses(t *testing.T) {
	for _, server := range proxytest.Names() {
		t.Run(server, func(t *testing.T) {
			t.Parallel()
			s := newSetting(t, server)
			setup := s.start(t)
			setup.Prefix = "/elsewhere/"
			breakage{
				check: "app-handover", result: doctor.Failed,
				cause: "serves another storage, or this storage below another prefix", change: `the prefix (now "/elsewhere/")`,
			}.expect(t, run(t, setup, s.dir), s.dir)
			setup.App = ""
			c := check(t, run(t, setup, s.dir), "proxy-file")
			if c.Result != doctor.Failed || !strings.Contains(c.Cause, "the application itself") {
				t.Errorf("proxy-file: %+v, want that the application itself has none", c)
			}
		})
	}
}

// TestOneCause: if the proxy doesn't reach the application, or the application is down,
// one check fails, whether or not the doctor has the application's URL.
func TestOneCause(t *testing.T) {
	for _, server := range proxytest.Names() {
		for _, app := range []string{"asked", "not asked", "down"} {
			t.Run(server+" "+app, func(t *testing.T) {
				t.Parallel()
				s := newSetting(t, server)
				s.site.Upstream = "127.0.0.1:1"
				setup := s.start(t)
				want := breakage{
					check: "proxy-file", result: doctor.Failed,
					cause: "the proxy doesn't reach the application", change: "set the address where the application listens",
				}
				switch app {
				case "not asked":
					setup.App = ""
				case "down":
					setup.App = "http://127.0.0.1:1"
					want = breakage{check: "app-answers", result: doctor.Failed, cause: "the connection is refused", change: "--listen"}
				}
				want.expect(t, run(t, setup, s.dir), s.dir)
			})
		}
	}
}

// TestRefusedIsFirst: the fault to correct first is at the top of the report, and the
// checks that were not made take few lines.
func TestRefusedIsFirst(t *testing.T) {
	s := newSetting(t, "nginx")
	setup := s.start(t)
	setup.Site, setup.App = "http://127.0.0.1:1", ""
	report := run(t, setup, s.dir)
	if c := report.Checks[0]; c.Name != "proxy-answers" || c.Result != doctor.Failed || !strings.Contains(c.Cause, "refused") {
		t.Errorf("first check %+v, want proxy-answers, refused", c)
	}
	var b strings.Builder
	if err := report.WriteText(&b); err != nil {
		t.Fatal(err)
	}
	if n := strings.Count(b.String(), "not applicable"); n != 3 {
		t.Errorf("%d lines of what is not applicable, want one for each step:\n%s", n, b.String())
	}
	if !strings.HasPrefix(b.String(), "proxy\n  failed          proxy-answers: ") {
		t.Errorf("it begins otherwise:\n%s", b.String())
	}
}

// TestTagsOff: files have dates and no entity tags.
func TestTagsOff(t *testing.T) {
	for server, broken := range map[string]func(*testing.T, *setting){
		"nginx": edits("etag on;", "etag off;"),
		"caddy": edits("reverse_proxy ", "header {\n\t\t-ETag\n\t\tdefer\n\t}\n\treverse_proxy "),
	} {
		change := map[string]string{"nginx": "`etag on;` in `location /_media/`", "caddy": "leave ETag unchanged"}[server]
		breakage{server, broken, "proxy-conditional", doctor.Warning, "entity tag", change}.run(t, server)
	}
}

// TestMovedRoot: the storage or the application has a directory open to which its path
// no longer leads.
func TestMovedRoot(t *testing.T) {
	move := func(t *testing.T, s *setting) (old, current string) {
		t.Helper()
		current = filepath.Join(filepath.Dir(s.dir), "current")
		if err := os.Symlink(s.dir, current); err != nil {
			testserver.Lacking(t, "needs symbolic links: %v", err)
		}
		old, s.dir = s.dir, current
		s.rule.Source, s.site.Rules[0].Source = current, current
		return old, current
	}
	change := func(t *testing.T, current string) {
		t.Helper()
		next := filepath.Join(filepath.Dir(current), "next")
		if err := os.Mkdir(next, 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.Remove(current); err != nil {
			t.Fatal(err)
		}
		if err := os.Symlink(next, current); err != nil {
			t.Fatal(err)
		}
	}
	t.Run("the storage", func(t *testing.T) {
		s := newSetting(t, "nginx")
		s.edit = replace(t, "disable_symlinks on from=$downloadview_from;", "")
		old, current := move(t, s)
		setup := s.start(t)
		change(t, current)
		report := run(t, setup, "")
		for _, other := range report.Checks {
			if other.Result == doctor.Failed && other.Name != "storage-path" {
				t.Errorf("%s failed, want storage-path alone", other.Name)
			}
		}
		if left, err := filepath.Glob(filepath.Join(old, ".downloadview*", "*")); err != nil || left != nil {
			t.Errorf("left behind: %q, %v", left, err)
		}
		c := check(t, report, "storage-path")
		if c.Result != doctor.Failed || !strings.Contains(c.Cause, current+" is a symbolic link") || !strings.Contains(c.Change, "restart the application") {
			t.Errorf("storage-path: %+v, want it to fail and to name %s", c, current)
		}
	})
	t.Run("the application", func(t *testing.T) {
		s := newSetting(t, "nginx")
		s.view.CheckFirst = true
		_, current := move(t, s)
		setup := s.start(t)
		change(t, current)
		setup.Storage = s.storage(t) // as a doctor that begins now
		breakage{
			check: "app-handover", result: doctor.Failed,
			cause: "symbolic link " + current + " was changed", change: "opens the storage again",
		}.expect(t, run(t, setup, current), current)
	})
}
