package config_test

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/downloadview/downloadview/internal/config"
	"github.com/downloadview/downloadview/internal/testserver"
)

func parse(t *testing.T, file, text string) *config.Config {
	t.Helper()
	c, err := config.Parse(file, []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestOnlyStorageIsMounted(t *testing.T) {
	c := parse(t, "f", "storages: {all: mem://}\nindex: true\narchive: true\n")
	want := []config.Mount{{Path: "/", Storage: "all", Index: true, Archive: true, Line: 1}}
	if diff := cmp.Diff(want, c.Mounts); diff != "" {
		t.Errorf("mounts (-want +got):\n%s", diff)
	}
	if c.Grace != nil || c.Listen != "" {
		t.Errorf("grace %v, listen %q; want what says that the file doesn't", c.Grace, c.Listen)
	}
}

// A key of a mount wins over the same key of the file, above or below it.
func TestMountsInherit(t *testing.T) {
	c := parse(t, "f", `
mounts:
  /a/: x
  /b/: {storage: x, index: false}
  /c/: {storage: x, inline: true, archive: false}
storages: {x: "mem://"}
index: true
archive: true
`)
	for i, want := range []struct{ index, inline, archive bool }{{true, false, true}, {false, false, true}, {true, true, false}} {
		if m := c.Mounts[i]; m.Index != want.index || m.Inline != want.inline || m.Archive != want.archive {
			t.Errorf("%s: index %v, inline %v, archive %v; want %+v", m.Path, m.Index, m.Inline, m.Archive, want)
		}
	}
}

func TestPathsBeginAtTheFile(t *testing.T) {
	folder := t.TempDir()
	c := parse(t, filepath.Join(folder, "dv.yaml"), `
storages: {media: media, up: ../up}
mounts: {/media/: media}
proxies: {front: nginx}
rules: [{id: media, source: media, destination: /_media/}]
`)
	if got, want := c.Storages[0].URL, filepath.Join(folder, "media"); got != want {
		t.Errorf("storage at %q, want %q", got, want)
	}
	if got, want := c.Storages[1].URL, filepath.Join(filepath.Dir(folder), "up"); got != want {
		t.Errorf("storage at %q, want %q", got, want)
	}
	if got, want := c.Rules[0].Source, c.Storages[0].URL; got != want {
		t.Errorf("rule for %q, want that of the storage, %q", got, want)
	}
}

// So do the paths of sockets, whatever folder the command was started in.
func TestSocketsBeginAtTheFile(t *testing.T) {
	folder := t.TempDir()
	c := parse(t, filepath.Join(folder, "dv.yaml"), `
listen: unix:run/s?mode=0660&group=www-data
metrics: unix:./m
storages: {a: "mem://"}
proxies:
  front: {server: nginx, upstream: "unix:../s", tier: {cache_nodes: ["10.0.0.11:8081"], applications: ["unix:t", "10.0.0.22:8080"]}}
  other: {server: caddy, upstream: "unix:/run/s"}
  third: {server: caddy, upstream: "unix:@s"}
`)
	in := func(name string) string { return "unix:" + filepath.Join(folder, name) }
	for got, want := range map[string]string{
		c.Listen:                          in("run/s") + "?mode=0660&group=www-data",
		c.Metrics:                         in("m"),
		c.Proxies[0].Upstream:             in("../s"),
		c.Proxies[0].Tier.Applications[0]: in("t"),
		c.Proxies[0].Tier.Applications[1]: "10.0.0.22:8080",
		c.Proxies[1].Upstream:             "unix:/run/s",
		c.Proxies[2].Upstream:             "unix:@s",
	} {
		if got != want {
			t.Errorf("socket at %q, want %q", got, want)
		}
	}
}

func TestBucketPrefix(t *testing.T) {
	c := parse(t, "f", `
storages:
  a: {url: "s3://reports", prefix: "2026/q 1/"}
  b: {url: "s3://reports?region=x", prefix: 2026/}
mounts: {/: a}
`)
	for i, want := range []string{"s3://reports?prefix=2026%2Fq+1%2F", "s3://reports?region=x&prefix=2026%2F"} {
		if got := c.Storages[i].URL; got != want {
			t.Errorf("url %q, want %q", got, want)
		}
	}
}

func TestSizesAndDurations(t *testing.T) {
	for text, want := range map[string]int64{
		"1": 1, "7B": 7, "2kB": 2000, "2KB": 2000, "3 MB": 3e6, "4GB": 4e9, "5TB": 5e12,
		"6KiB": 6 << 10, "7MiB": 7 << 20, "8GiB": 8 << 30, "9TiB": 9 << 40, "9223372036854775807": 1<<63 - 1,
	} {
		c := parse(t, "f", "proxies: {p: nginx}\nrules: [{id: a, source: /a, destination: /_a/, limit_rate: "+text+"}]")
		if got := c.Rules[0].LimitRate; got != want {
			t.Errorf("%s = %d, want %d", text, got, want)
		}
	}
	for text, want := range map[string]time.Duration{"0s": 0, "0": 0, "1h30m": 90 * time.Minute, "250ms": 250 * time.Millisecond} {
		if c := parse(t, "f", "storages: {a: mem://}\ngrace: "+text); *c.Grace != want {
			t.Errorf("%s = %v, want %v", text, *c.Grace, want)
		}
	}
}

func TestAnchors(t *testing.T) {
	c := parse(t, "f", `
proxies:
  a: &front {server: caddy@2.6, from: 127.0.0.1}
  b: *front
`)
	a, b := c.Proxies[0], c.Proxies[1]
	a.Name, b.Name, a.Line, b.Line = "", "", 0, 0
	if !reflect.DeepEqual(a, b) || b.Server != "caddy" || b.Version != "2.6" || len(b.From) != 1 {
		t.Errorf("b = %+v, want what a is: %+v", b, a)
	}
}

func TestErrorsAsOne(t *testing.T) {
	_, err := config.Parse("dv.yaml", []byte("grace: 30\nlisen: x"))
	var one *config.Error
	if !errors.As(err, &one) || one.Line != 1 || one.Key != "grace" || one.File != "dv.yaml" {
		t.Errorf("first error = %+v", one)
	}
	for _, read := range []func(string) (*config.Config, error){config.Read, config.ReadAgain} {
		if _, err = read(filepath.Join(t.TempDir(), "missing")); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("read of a missing file: %v", err)
		}
	}
}

// A file that is too long is not read to its end.
func TestLongestFile(t *testing.T) {
	file := filepath.Join(t.TempDir(), "dv.yaml")
	if err := os.WriteFile(file, []byte("storages: {a: mem://}\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for size, want := range map[int64]string{17 << 20: "longer than 16 MiB", 1 << 40: "longer than 16 MiB"} {
		if err := os.Truncate(file, size); err != nil {
			testserver.Lacking(t, "needs a sparse file: %v", err)
		}
		if _, err := config.Read(file); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("a file of %d bytes: %v, want %q", size, err, want)
		}
	}
}

// Changes ignores line numbers, proxies and rules.
func TestChanges(t *testing.T) {
	const old = "grace: 30s\nlisten: 127.0.0.1:1\nstorages: {a: mem://}\nlimits: {idle: 1m}\n"
	for text, want := range map[string][]string{
		old: nil,
		"proxies: {p: nginx}\nrules: [{id: a, source: /a, destination: /_a/}]\n" + old: nil,
		"grace: 31s\nlisten: 127.0.0.1:1\nstorages: {a: mem://}\nlimits: {idle: 1m}\n": {"grace"},
		"require_signature: true\nkey_file: links.keys\n" + old:                        nil,
		"require_signature: true\nkey_file: links.keys\nlinks: memory\n" + old:         {"links"},
		"base_path: /x\n" + old: {"base_path"},
		"log: json\nlog_level: warn\ntrusted_proxies: unix\n" + old: {"log", "log_level", "trusted_proxies"},
		"blind: true\nindex: true\nstorages: {b: mem://}\n":         {"listen", "grace", "blind", "storages", "mounts", "limits"},
	} {
		if got := parse(t, "f", text).Changes(parse(t, "f", old)); !cmp.Equal(got, want) {
			t.Errorf("changes = %q, want %q, of\n%s", got, want, text)
		}
	}
}
