//go:build unix

package command

import (
	"io"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// SIGHUP replaces the rules during a download, which continues. A wrong file changes
// nothing.
func TestHangup(t *testing.T) {
	file := filepath.Join(t.TempDir(), "dv.yaml")
	write := func(text string) {
		t.Helper()
		if err := os.WriteFile(file, []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	write("grace: 1m\n")
	p, x := startLarge(t, "--config="+file)
	location := func() string {
		t.Helper()
		resp, err := ask(p.url, "HEAD", "/large")
		if err != nil {
			t.Fatal(err)
		}
		resp.Conn.Close()
		return resp.Header.Get("X-Accel-Redirect")
	}
	hangUp := func(awaited string) string {
		t.Helper()
		p.signal(t, syscall.SIGHUP)
		line, ok := p.await(awaited)
		if !ok {
			t.Fatalf("it ended without saying %q", awaited)
		}
		return line
	}
	const rule = "{id: all, source: /, destination: "
	if got := location(); got != "" {
		t.Fatalf("without rules it hands over to %q", got)
	}

	write("grace: 1m\nproxies: {front: nginx}\nrules: [" + rule + "/_one/}]\n")
	hangUp(`msg="rules read again"`)
	if got := location(); !strings.HasPrefix(got, "/_one/") {
		t.Errorf("with a rule it hands over to %q", got)
	}

	// The lines of what stays the same are others, which is no change.
	write("proxies: {front: nginx}\nrules: [" + rule + "/_two/}]\ngrace: 2m\nblind: true\n")
	if line := hangUp("only after a restart"); !strings.Contains(line, `changed="grace, blind"`) {
		t.Errorf("the log says %s, want grace and blind", line)
	}
	if got := location(); !strings.HasPrefix(got, "/_two/") {
		t.Errorf("with another rule it hands over to %q", got)
	}

	for _, wrong := range []struct{ text, why string }{
		{"proxies: {front: nginx}\nrules: [" + rule + "_three/}]\n", `:2: rules.all: destination \"_three/\" does not begin with a slash`},
		{"proxies: {front: ngnix}\nrulez: [" + rule + "/_three/}]\n", `:2: unknown key \"rulez\"; did you mean \"rules\"?`},
		{"rules: [", "not YAML"},
		{"storages: {other: mem://}\n", "both STORAGE"},
	} {
		write(wrong.text)
		if line := hangUp("the old rules stay"); !strings.Contains(line, wrong.why) {
			t.Errorf("the log says %s, want %s", line, wrong.why)
		}
		if got := location(); !strings.HasPrefix(got, "/_two/") {
			t.Errorf("after %q it hands over to %q, want the old rules", wrong.text, got)
		}
	}
	if err := os.Remove(file); err != nil {
		t.Fatal(err)
	}
	hangUp("the old rules stay")

	if n, err := io.Copy(io.Discard, x.Body); n != large-1000 || err != nil {
		t.Errorf("rest of the download: %d bytes, %v; want %d", n, err, large-1000)
	}
	p.signal(t, syscall.SIGTERM)
	if got := p.wait(); got != exitOK {
		t.Errorf("exit status = %d", got)
	}
}

// Without a file and without a directory there is nothing to reload, and SIGHUP ends
// the process as usual.
func TestHangupWithoutFile(t *testing.T) {
	p := start(t, "mem://")
	p.signal(t, syscall.SIGHUP)
	if got := p.wait(); got != -1 {
		t.Errorf("exit status = %d, want -1: killed by the signal", got)
	}
}

// If serve accepts a file in which "config check" finds errors, these are in the log at
// the start, and each time that the file is read again.
func TestServeWarnsOfItsFile(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "dv.yaml")
	write := func(source string) {
		t.Helper()
		text := "storages: {media: " + dir + "}\nmounts: {/: media}\nproxies: {front: nginx}\nrules: [{id: all, source: " + source + ", destination: /_all/}]\n"
		if err := os.WriteFile(file, []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	write("/srv/elsewhere")
	p := start(t, "--config="+file)
	const why = `:4: rules.all: no storage has files below the source \"/srv/elsewhere\"`
	if log := p.log.String(); !strings.Contains(log, "can't work") || !strings.Contains(log, why) {
		t.Errorf("the log says %s, want that a rule covers nothing", log)
	}
	for _, source := range []string{dir, "/srv/elsewhere"} {
		before := p.log.Len()
		write(source)
		p.signal(t, syscall.SIGHUP)
		p.mustAwait(t, "rules read again")
		if log := p.log.String()[before:]; strings.Contains(log, why) != (source != dir) {
			t.Errorf("with the source %s the log says %s", source, log)
		}
	}
}
