//go:build unix

package command

import (
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/downloadview/downloadview/internal/proxies"
)

// releases makes the folders v1 and v2 and the link "current" to the first. It returns
// the path of the link, and a function that switches it.
func releases(t *testing.T) (current string, lead func(to string)) {
	t.Helper()
	top := t.TempDir()
	for _, dir := range []string{filepath.Dir(top), top} {
		if err := os.Chmod(dir, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	for _, v := range []string{"v1", "v2"} {
		for _, name := range []string{"version", "only-" + v} {
			file := filepath.Join(top, v, name)
			if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(file, []byte(v), 0o644); err != nil {
				t.Fatal(err)
			}
		}
	}
	current = filepath.Join(top, "current")
	lead = func(to string) {
		t.Helper()
		if err := os.Symlink(to, current+"-next"); err != nil {
			t.Fatal(err)
		}
		if err := os.Rename(current+"-next", current); err != nil {
			t.Fatal(err)
		}
	}
	lead("v1")
	return current, lead
}

func got(t *testing.T, url string) string {
	t.Helper()
	resp, err := http.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	if resp.StatusCode != http.StatusOK {
		return fmt.Sprint(resp.StatusCode)
	}
	return string(body)
}

// wantRelease checks that the files of release v are served, and not a file that only
// another release has.
func wantRelease(t *testing.T, where, url, v, other string) {
	t.Helper()
	for path, want := range map[string]string{"/version": v, "/only-" + v: v, "/only-" + other: "404"} {
		if text := got(t, url+path); text != want {
			t.Errorf("%s, %s: %q, want %q", where, path, text, want)
		}
	}
}

// On SIGHUP a directory is opened again, with and without a file and a proxy. Running
// downloads continue.
func TestHangupOpensDirectoryAgain(t *testing.T) {
	t.Parallel()
	for name, flags := range map[string][]string{"no file": nil, "file": {"--config"}, "index": {"--index"}} {
		t.Run(name, func(t *testing.T) {
			current, lead := releases(t)
			if name == "file" {
				file := filepath.Join(t.TempDir(), "dv.yaml")
				if err := os.WriteFile(file, []byte("grace: 1m\n"), 0o600); err != nil {
					t.Fatal(err)
				}
				flags = append(flags, file)
			}
			p := start(t, append(flags, current)...)
			wantRelease(t, "before", p.url, "v1", "v2")
			lead("v2")
			p.signal(t, syscall.SIGHUP)
			p.mustAwait(t, `msg="directories opened again"`)
			wantRelease(t, "after", p.url, "v2", "v1")
			if name == "file" {
				p.mustAwait(t, `msg="rules read again"`)
			}
			if err := os.Remove(current); err != nil {
				t.Fatal(err)
			}
			p.signal(t, syscall.SIGHUP)
			p.mustAwait(t, "can't be opened again")
			wantRelease(t, "with no directory", p.url, "v2", "v1")
			p.signal(t, syscall.SIGTERM)
			if status := p.wait(); status != exitOK {
				t.Errorf("exit status = %d", status)
			}
			if n := strings.Count(p.log.String(), `msg="directories opened again"`); n != 1 {
				t.Errorf("the log says %d times that directories were opened again, want once", n)
			}
		})
	}
}

// A proxy follows the path of the directory. The server does too, and logs it. If the
// path leads nowhere, the server sends the files of the directory that it has open.
func TestDirectoryIsFollowed(t *testing.T) {
	for _, server := range append([]string{""}, proxies.Servers()...) {
		t.Run("proxy "+server, func(t *testing.T) {
			current, lead := releases(t)
			var p *process
			var site string
			if server == "" {
				p = start(t, current)
				site = p.url
			} else {
				rule := current + "=" + destinationOf(t, server, "/_media/", current)
				p = start(t, "--accel="+server, "--headers=private", "--rule", rule, current)
				// What is printed has lighttpd refuse every link, also "current".
				follow := func(conf string) string {
					return strings.Replace(conf, `server.follow-symlink := "disable"`, `server.follow-symlink := "enable"`, 1)
				}
				site = startPrinted(t, server, follow, "--upstream", strings.TrimPrefix(p.url, "http://"), "--rule", rule)
			}
			wantRelease(t, "before", site, "v1", "v2")
			lead("v2")
			p.awaitWhileAsked(t, "was opened again", site+"/version")
			wantRelease(t, "after", site, "v2", "v1")
			if err := os.Remove(current); err != nil {
				t.Fatal(err)
			}
			p.awaitWhileAsked(t, "can't be opened", site+"/version")
			wantRelease(t, "with no directory", site, "v2", "v1")
		})
	}
}

// awaitWhileAsked is mustAwait for a line that the server logs on a request.
func (p *process) awaitWhileAsked(t *testing.T, text, url string) {
	t.Helper()
	said, done := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(done)
		for {
			if resp, err := http.Get(url); err == nil {
				resp.Body.Close()
			}
			select {
			case <-said:
				return
			case <-time.After(10 * time.Millisecond):
			}
		}
	}()
	p.mustAwait(t, text)
	close(said)
	<-done
}
