package command

import (
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/downloadview/downloadview"
	"github.com/downloadview/downloadview/internal/config"
)

// Two proxies in front of the same files each get their own location. Requests from
// elsewhere are streamed, or redirected to the store.
func TestOffloadsByProxy(t *testing.T) {
	c, err := config.Parse("f", []byte(`
proxies:
  front: {server: nginx, from: 192.0.2.1}
  back: {server: caddy, from: 192.0.2.2}
rules:
  - {id: front, source: /srv, destination: /_front/, proxy: front}
  - {id: back, source: /srv, destination: /_back/, proxy: back}
  - {id: keys, source: s3://keys/, destination: /_keys/, proxy: front}
  - {id: store, source: s3://keys/public/, signed: {redirect: 302}}
`))
	if err != nil {
		t.Fatal(err)
	}
	o := new(offloads)
	if err := o.swap(c); err != nil {
		t.Fatal(err)
	}
	local := downloadview.Source{Scheme: "file", Path: "/srv/a"}
	private := downloadview.Source{Scheme: "s3", Host: "keys", Path: "a"}
	public := downloadview.Source{Scheme: "s3", Host: "keys", Path: "public/a"}
	for _, tt := range []struct {
		from               string
		src                downloadview.Source
		rule, field, value string
	}{
		{"192.0.2.1", local, "front", "X-Accel-Redirect", "/_front/a"},
		{"192.0.2.2", local, "back", "X-Accel-Redirect", "/_back/a"},
		{"192.0.2.3", local, "front", "", ""},
		{"192.0.2.1", private, "keys", "X-Accel-Redirect", "/_keys/a"},
		{"192.0.2.2", private, "keys", "", ""},
		{"192.0.2.1", public, "store", "Location", ""},
		{"192.0.2.3", public, "store", "Location", ""},
		{"192.0.2.1", downloadview.Source{Scheme: "file", Path: "/etc/a"}, "", "", ""},
	} {
		r := httptest.NewRequest(http.MethodGet, "/", nil)
		r.RemoteAddr = tt.from + ":4711"
		h, ok := o.Offload(r, tt.src)
		if h.Rule != tt.rule || h.Field != tt.field || h.Value != tt.value || ok != (tt.rule != "") {
			t.Errorf("from %s for %v: rule %q, %s: %q, %v; want %q, %s: %q", tt.from, tt.src, h.Rule, h.Field, h.Value, ok, tt.rule, tt.field, tt.value)
		}
	}
}

// Two proxies share their locations only if one request may come from both.
func TestMeet(t *testing.T) {
	for _, tt := range []struct {
		a, b string
		want bool
	}{
		{"", "192.0.2.1", true},
		{"", "", true},
		{"192.0.2.1", "192.0.2.1", true},
		{"192.0.2.1", "192.0.2.2", false},
		{"192.0.2.1", "10.0.0.0/8 192.0.2.0/24", true},
		{"192.0.2.0/24", "192.0.0.0/16", true},
		{"::1", "127.0.0.1", false},
		{"::ffff:127.0.0.1", "127.0.0.1", true},
		{"::ffff:10.0.0.0/104", "10.1.2.3", true},
		{"unix", "unix", true},
		{"unix", "0.0.0.0/0", false},
	} {
		a, b := strings.Fields(tt.a), strings.Fields(tt.b)
		if meet(a, b) != tt.want || meet(b, a) != tt.want {
			t.Errorf("%q and %q meet: %v, want %v", a, b, !tt.want, tt.want)
		}
	}
}

// New rules are checked against the mounts that are served until a restart, not only
// against those of the new file.
func TestReloadBesideWhatIsServed(t *testing.T) {
	file := filepath.Join(t.TempDir(), "dv.yaml")
	write := func(mount, destination string) {
		t.Helper()
		text := "storages: {media: /srv/media}\nmounts: {" + mount + ": media}\nproxies: {front: nginx}\nrules: [{id: media, source: /srv/media, destination: " + destination + "}]\n"
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write("/media/", "/_media/")
	s := &serve{downloadFlags: downloadFlags{Config: file}}
	running, err := s.settings()
	if err != nil {
		t.Fatal(err)
	}
	rules := new(offloads)
	if err := rules.swap(running); err != nil {
		t.Fatal(err)
	}
	var log strings.Builder
	lim, err := newLimits(running, nil)
	if err != nil {
		t.Fatal(err)
	}
	r := &reloader{serve: s, running: running, rules: rules, limits: lim, logger: slog.New(slog.NewTextHandler(&log, nil))}
	location := func() string {
		h, _ := rules.Offload(httptest.NewRequest(http.MethodGet, "/", nil), downloadview.Source{Scheme: "file", Path: "/srv/media/a"})
		return h.Value
	}
	write("/other/", "/media/")
	r.reload()
	if got := location(); got != "/_media/a" || !strings.Contains(log.String(), `covers the mount \"/media/\"`) {
		t.Errorf("handed over to %q, and the log says %s; want the old rule kept", got, &log)
	}
	write("/other/", "/_new/")
	r.reload()
	if got := location(); got != "/_new/a" {
		t.Errorf("handed over to %q, and the log says %s; want the new rule", got, &log)
	}
}

// What the log warns of at the start, it also does when a new file brings it about.
func TestReloadWarns(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "dv.yaml")
	if err := os.Mkdir(filepath.Join(dir, "films"), 0o700); err != nil {
		t.Fatal(err)
	}
	write := func(front, destination string) {
		t.Helper()
		text := "storages: {media: " + dir + "}\nproxies: {front: {server: nginx" + front + "}}\nrules: [{id: media, source: " + dir + ", destination: " + destination + "}]\n"
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write(", from: 192.0.2.9", "/_media/")
	s := &serve{downloadFlags: downloadFlags{Config: file}}
	running, err := s.settings()
	if err != nil {
		t.Fatal(err)
	}
	lim, err := newLimits(running, nil)
	if err != nil {
		t.Fatal(err)
	}
	var log strings.Builder
	r := &reloader{
		serve: s, running: running, rules: new(offloads), limits: lim, logger: slog.New(slog.NewTextHandler(&log, nil)),
		addr: &net.TCPAddr{IP: net.IPv4(192, 0, 2, 1), Port: 8080},
	}
	r.reload()
	if strings.Contains(log.String(), "WARN") {
		t.Errorf("the log says %s, want no warning", &log)
	}
	write("", "/films/")
	r.reload()
	for _, want := range []string{"clients that connect to this address directly", "answers 404 for the files in this folder"} {
		if !strings.Contains(log.String(), want) {
			t.Errorf("the log says %s, want %q", &log, want)
		}
	}
}
