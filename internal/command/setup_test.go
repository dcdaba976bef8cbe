//go:build unix

package command

import (
	"bytes"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/downloadview/downloadview/internal/proxies"
	"github.com/downloadview/downloadview/internal/proxies/site"
	"github.com/downloadview/downloadview/internal/proxytest"
	"github.com/downloadview/downloadview/internal/testserver"
)

// The set-up of "config --help" works with each server: the server runs the printed
// configuration, asks the application on a socket, and the doctor finds no fault.
func TestWholeSetup(t *testing.T) {
	withoutRaceDetector(t)
	for _, server := range proxytest.Names() {
		t.Run(server, func(t *testing.T) {
			media := handedFiles(t)
			rule := media + "=" + destinationOf(t, server, "/_media/", media)
			socket := filepath.Join(t.TempDir(), "s")
			p := start(t, "--listen=unix:"+socket, "--accel", server, "--accel-from=unix", "--headers=private", "--inline", "--hidden", "--rule", rule, media)
			if p.url != "http://unix:"+socket {
				t.Fatalf("it listens on %s", p.url)
			}
			site := startPrinted(t, server, func(s string) string { return s }, "--upstream=unix:"+socket, "--rule", rule)
			if report := run(t, "doctor", site, "--accel", server, "--rule", rule, media); !strings.Contains(report, "ok              proxy-names: 14 names") {
				t.Errorf("the doctor says\n%s", report)
			}
			for _, name := range handedNames {
				resp, err := http.Get(site + "/" + percentEncoded(name))
				if err != nil {
					t.Fatal(err)
				}
				resp.Body.Close()
				if resp.StatusCode != http.StatusOK || resp.ContentLength != 10 {
					t.Errorf("%q: %d with %d bytes", name, resp.StatusCode, resp.ContentLength)
				}
				if d := resp.Header.Values("Content-Disposition"); len(d) != 1 || !strings.HasPrefix(d[0], "inline") {
					t.Errorf("%q: Content-Disposition %q", name, d)
				}
			}
			p.signal(t, syscall.SIGTERM)
			p.wait()
			if n := strings.Count(p.log.String(), "mode=offload"); n < len(handedNames)/2 {
				t.Errorf("%d requests were handed over:\n%s", n, p.log.String())
			}
		})
	}
}

// destinationOf returns the destination that fits the server: an internal location,
// or the directory.
func destinationOf(t *testing.T, server, location, dir string) string {
	t.Helper()
	if proxytest.KindOf(t, server).Locations {
		return location
	}
	return dir
}

// If a directive is removed from the configuration, the doctor names it. It leaves no
// files behind.
func TestDoctorOfABrokenSetup(t *testing.T) {
	withoutRaceDetector(t)
	media := handedFiles(t)
	rule := media + "=/_media/"
	p := start(t, "--accel=nginx", "--headers=private", "--rule", rule, media)
	public := func(conf string) string { return strings.Replace(conf, "internal;", "", 1) }
	site := startPrinted(t, "nginx", public, "--upstream", strings.TrimPrefix(p.url, "http://"), "--rule", rule)
	var stdout, stderr bytes.Buffer
	status := Run(t.Context(), []string{"doctor", site, "--app", p.url, "--accel=nginx", "--rule", rule, media}, &stdout, &stderr, openLocal)
	if status != exitFailure || !strings.Contains(stdout.String(), "failed          proxy-location") || !strings.Contains(stdout.String(), "set `internal;` in `location /_media/`") {
		t.Errorf("status %d, %s%s", status, &stderr, &stdout)
	}
	if left, err := filepath.Glob(filepath.Join(media, ".downloadview*")); err != nil || left != nil {
		t.Errorf("left in the directory: %q, %v", left, err)
	}
}

// That clients get lists of folders is a fault, unless the settings say so.
func TestDoctorOfAnIndex(t *testing.T) {
	withoutRaceDetector(t)
	media := handedFiles(t)
	p := start(t, "--index", media)
	file := filepath.Join(t.TempDir(), "dv.yaml")
	for index, want := range map[string]string{
		"true":  "ok              whole-directory: listed, as the settings say",
		"false": "failed          whole-directory: 200",
	} {
		if err := os.WriteFile(file, []byte("index: "+index+"\nstorages: {media: "+media+"}\n"), 0o600); err != nil {
			t.Fatal(err)
		}
		var out bytes.Buffer
		Run(t.Context(), []string{"doctor", p.url, "--config", file}, &out, &out, openLocal)
		if !strings.Contains(out.String(), want) {
			t.Errorf("index: %s: the doctor doesn't say %q:\n%s", index, want, &out)
		}
	}
}

// run returns the output of a command, which must succeed.
func run(t *testing.T, args ...string) string {
	t.Helper()
	var stdout, stderr bytes.Buffer
	if status := Run(t.Context(), args, &stdout, &stderr, openLocal); status != exitOK || stderr.Len() > 0 {
		t.Fatalf("%q: status %d, %s%s", args, status, &stderr, &stdout)
	}
	return stdout.String()
}

// startPrinted starts a server with the configuration that "config" prints for it with
// the flags, edited. It returns the server's URL.
func startPrinted(t *testing.T, server string, edit func(string) string, flags ...string) string {
	t.Helper()
	listen, folder := fmt.Sprintf("127.0.0.1:%d", testserver.FreePort(t)), t.TempDir()
	conf := run(t, append([]string{"config", server, "--listen", listen, "--folder", folder}, flags...)...)
	s := site.Site{Listen: listen, Folder: folder, Upstream: "127.0.0.1:1"}
	for i, flag := range flags {
		if flag == "--rule" {
			r, err := parseRule(flags[i+1])
			if err != nil {
				t.Fatal(err)
			}
			s.Rules = append(s.Rules, site.Rule{Rule: r})
		}
	}
	return proxytest.Start(t, server, s, proxytest.Options{Edit: func(string) string { return edit(conf) }}).URL
}

// With a destination that covers a mount, a server that hides internal locations answers
// 404 to all requests, so it is refused. Other servers still ask the application.
func TestDestinationOverAMount(t *testing.T) {
	withoutRaceDetector(t)
	media := handedFiles(t)
	rule := media + "=/media/"
	file := filepath.Join(t.TempDir(), "dv.yaml")
	write := func(t *testing.T, front string) {
		t.Helper()
		conf := fmt.Sprintf("storages: {media: %q}\nmounts: {/media/: media}\nproxies: {front: %q}\nrules:\n- {id: media, source: %[1]q, destination: /media/, headers: private}\n", media, front)
		if err := os.WriteFile(file, []byte(conf), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for _, server := range proxytest.Names() {
		k := proxytest.KindOf(t, server)
		if !k.Locations {
			continue
		}
		t.Run(server, func(t *testing.T) {
			front, want := server, http.StatusOK
			if k.HidesLocations {
				// The application is started for a server that isn't refused.
				front, want = openLike(t, k), http.StatusNotFound
			}
			write(t, front)
			p := start(t, "--config", file, "--listen=127.0.0.1:0")
			site := startPrinted(t, server, unchanged, "--upstream", strings.TrimPrefix(p.url, "http://"), "--rule", rule)
			resp, err := http.Get(site + "/media/" + percentEncoded(handedNames[0]))
			if err != nil {
				t.Fatal(err)
			}
			resp.Body.Close()
			if resp.StatusCode != want {
				t.Errorf("%s, want %d", resp.Status, want)
			}
			if !k.HidesLocations {
				return
			}
			write(t, server)
			var stderr bytes.Buffer
			if status := Run(t.Context(), []string{"config", "check", file}, &stderr, &stderr, openLocal); status != exitFailure || !strings.Contains(stderr.String(), `covers the mount "/media/"`) {
				t.Errorf("exit %d, %s; want what is an outage refused", status, &stderr)
			}
		})
	}
}

// openLike returns a server with the field of k that doesn't hide internal locations.
func openLike(t *testing.T, k proxytest.Kind) string {
	t.Helper()
	for _, p := range proxies.All() {
		if p.Locations && !p.HidesLocations && p.Accel().Field == k.Field() {
			return p.Name
		}
	}
	t.Fatalf("each server with %s hides its locations", k.Field())
	return ""
}
