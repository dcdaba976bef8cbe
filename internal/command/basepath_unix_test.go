//go:build unix

package command

import (
	"cmp"
	"fmt"
	"io"
	"net/http"
	"path/filepath"
	"strings"
	"testing"

	"github.com/downloadview/downloadview/internal/proxytest"
)

// Each proxy passes on requests below the base path: the doctor finds no fault, and links
// to a file and to a prefix are let in.
func TestBasePathBehindProxies(t *testing.T) {
	withoutRaceDetector(t)
	for _, server := range proxytest.Names() {
		t.Run(server, func(t *testing.T) {
			media := handedFiles(t)
			keys := filepath.Join(t.TempDir(), "links.keys")
			writeFile(t, keys, firstKey)
			rule := media + "=" + destinationOf(t, server, "/_media/", media)
			socket := filepath.Join(t.TempDir(), "s")
			start(t, "--base-path=/our files", "--listen=unix:"+socket, "--accel", server, "--accel-from=unix", "--headers=private", "--hidden", "--rule", rule,
				"--require-signature", "--key-file", keys, media)
			flags := []string{"--upstream=unix:" + socket, "--rule", rule}
			if server == "nginx" {
				flags = append(flags, "--base-path=/our files")
			}
			site := startPrinted(t, server, unchanged, flags...)
			if report := run(t, "doctor", site, "--mount", "/our files/", "--key-file", keys, "--accel", server, "--rule", rule, media); !strings.Contains(report, "proxy-names: ") || strings.Contains(report, "failed ") {
				t.Errorf("the doctor says\n%s", report)
			}
			outside := http.StatusForbidden // of the application, as without a link
			if server == "nginx" {
				outside = http.StatusNotFound // of nginx
			}
			prefix := signed(t, keys, "--prefix", "/our%20files/sub/")
			for path, status := range map[string]int{
				signed(t, keys, "/our%20files/a.txt"): http.StatusOK,
				prefix + "two/b.pdf":                  http.StatusOK,
				"/our%20files/a.txt":                  http.StatusForbidden,
				signed(t, keys, "/a.txt"):             outside,
				"/":                                   outside,
			} {
				resp, err := http.Get(site + path)
				if err != nil {
					t.Fatal(err)
				}
				resp.Body.Close()
				if resp.StatusCode != status || status == http.StatusOK && resp.ContentLength != 10 {
					t.Errorf("%s: %s with %d bytes, want %d", withoutTokens(path), resp.Status, resp.ContentLength, status)
				}
			}
		})
	}
}

// nginx verifies links below the base path by itself.
func TestBasePathOfVerifiedLinks(t *testing.T) {
	withoutRaceDetector(t)
	for _, tt := range []struct{ name, mounts string }{
		{"all of it", "/: media"},
		{"a part of it", "/in/: media"},
		{"without a file", ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			media := handedFiles(t)
			dir := t.TempDir()
			writeFile(t, filepath.Join(dir, "links.keys"), firstKey)
			file := filepath.Join(dir, "dv.yaml")
			writeFile(t, file, fmt.Sprintf(`
listen: 127.0.0.1:1 # nothing is there
base_path: /top
require_signature: true
key_file: links.keys
storages: {media: %q}
mounts: {%s}
proxies: {front: {server: nginx, verify_links: njs, script: links.js}}
rules: [{id: media, source: %[1]q, destination: /_media/}]
`, media, tt.mounts))
			flags := []string{"--config", file}
			if tt.mounts == "" {
				flags = []string{"--base-path=/top", "--rule", media + "=/_media/", "--verify-links=njs", "--key-file", filepath.Join(dir, "links.keys"), "--script", filepath.Join(dir, "links.js")}
			}
			site := startPrinted(t, "nginx", unchanged, flags...)
			path := "/top" + cmp.Or(strings.TrimSuffix(tt.mounts, ": media"), "/")
			for _, link := range []string{
				signed(t, filepath.Join(dir, "links.keys"), path+"a.txt"),
				signed(t, filepath.Join(dir, "links.keys"), "--prefix", path) + "a.txt",
			} {
				resp, err := http.Get(site + link)
				if err != nil {
					t.Fatal(err)
				}
				body, err := io.ReadAll(resp.Body)
				resp.Body.Close()
				if resp.StatusCode != http.StatusOK || len(body) != 10 || err != nil {
					t.Errorf("%s: %s, %q, %v", withoutTokens(link), resp.Status, body, err)
				}
			}
			for path, status := range map[string]int{path + "a.txt": http.StatusForbidden, "/a.txt": http.StatusNotFound} {
				resp, err := http.Get(site + path)
				if err != nil {
					t.Fatal(err)
				}
				resp.Body.Close()
				if resp.StatusCode != status {
					t.Errorf("%s without a link: %s, want %d", path, resp.Status, status)
				}
			}
		})
	}
}
