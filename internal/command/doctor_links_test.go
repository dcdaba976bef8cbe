//go:build unix

package command

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/downloadview/downloadview/internal/proxytest"
	"github.com/downloadview/downloadview/internal/testserver"
)

// The doctor finds no fault in a set-up that requires links if it has the key file, from
// a flag or from the configuration file.
func TestDoctorOfASetupWithLinks(t *testing.T) {
	withoutRaceDetector(t)
	for _, server := range proxytest.Names() {
		t.Run(server, func(t *testing.T) {
			media, dir := handedFiles(t), t.TempDir()
			keys, file := filepath.Join(dir, "links.keys"), filepath.Join(dir, "dv.yaml")
			writeFile(t, keys, firstKey)
			destination := destinationOf(t, server, "/_media/", media)
			rule := media + "=" + destination
			writeFile(t, file, fmt.Sprintf("storages: {media: %q}\nmounts: {/: {storage: media, hidden: true, inline: true, require_signature: true, key_file: links.keys}}\n"+
				"proxies: {front: %q}\nrules: [{id: media, source: %[1]q, destination: %[3]q, headers: private}]\n", media, server, destination))
			p := start(t, "--config", file)
			site := startPrinted(t, server, unchanged, "--upstream", strings.TrimPrefix(p.url, "http://"), "--rule", rule)
			for _, args := range [][]string{
				{"--config", file},
				{"--accel", server, "--rule", rule, "--key-file", keys, media},
			} {
				report := run(t, append([]string{"doctor", site, "--app", p.url}, args...)...)
				if !strings.Contains(report, "ok              proxy-names: 13 names") || linkToken.MatchString(report) {
					t.Errorf("the doctor says\n%s", report)
				}
			}
		})
	}
}

// So it is if nginx verifies the links by itself, also of a mount that hides names with a
// dot, such as that of the doctor's folder.
func TestDoctorWhereNginxVerifiesLinks(t *testing.T) {
	if _, err := os.Stat("/usr/lib/nginx/modules/ngx_http_js_module.so"); err != nil {
		testserver.Lacking(t, "needs libnginx-mod-http-js: %v", err)
	}
	media, dir := handedFiles(t), t.TempDir()
	file := filepath.Join(dir, "dv.yaml")
	writeFile(t, filepath.Join(dir, "links.keys"), firstKey)
	writeFile(t, file, fmt.Sprintf("storages: {media: %q}\nmounts: {/files/: {storage: media, require_signature: true, key_file: links.keys}}\n"+
		"proxies: {front: {server: nginx, verify_links: njs, script: links.js}}\nrules: [{id: media, source: %[1]q, destination: /_media/, headers: private}]\n", media))
	p := start(t, "--config", file)
	site := startPrinted(t, "nginx", unchanged, "--upstream", strings.TrimPrefix(p.url, "http://"), "--config", file)
	report := run(t, "doctor", site, "--app", p.url, "--config", file)
	if !strings.Contains(report, "ok              proxy-names: 13 names") || !strings.Contains(report, "not applicable  whole-error-pages: nginx verifies the links") || strings.Contains(report, "warning") {
		t.Errorf("the doctor says\n%s", report)
	}
}

// The doctor makes no links of secure_link. It finds no fault where nginx wants them.
func TestDoctorWhereNginxWantsSecureLinks(t *testing.T) {
	media, dir := handedFiles(t), t.TempDir()
	file := filepath.Join(dir, "dv.yaml")
	writeFile(t, filepath.Join(dir, "links.keys"), firstKey)
	writeFile(t, file, fmt.Sprintf("storages: {media: %q}\nmounts: {/files/: {storage: media, require_signature: true, key_file: links.keys}}\n"+
		"proxies: {front: {server: nginx, verify_links: secure_link}}\nrules: [{id: media, source: %[1]q, destination: /_media/, headers: private}]\n", media))
	p := start(t, "--config", file)
	site := startPrinted(t, "nginx", unchanged, "--upstream", strings.TrimPrefix(p.url, "http://"), "--config", file)
	report := run(t, "doctor", site, "--app", p.url, "--config", file)
	if !strings.Contains(report, "ok              app-names: 13 names") || !strings.Contains(report, `nginx lets only links of "sign --secure-link" in`) || strings.Contains(report, "proxy-file failed") {
		t.Errorf("the doctor says\n%s", report)
	}
}

// Without the key file, the doctor names the flag.
func TestDoctorWithoutTheKeyFile(t *testing.T) {
	media := mediaWith(t, "a.txt")
	keys := filepath.Join(t.TempDir(), "links.keys")
	writeFile(t, keys, firstKey)
	p := start(t, "--require-signature", "--key-file", keys, media)
	var stdout, stderr strings.Builder
	status := Run(t.Context(), []string{"doctor", p.url, media}, &stdout, &stderr, openLocal)
	if status != exitFailure || !strings.Contains(stdout.String(), "proxy-file: 403") || !strings.Contains(stdout.String(), "or --key-file if signed links are required") {
		t.Errorf("status %d, %s%s", status, &stdout, &stderr)
	}
}

// A key file that is wrong is an error before anything is asked.
func TestDoctorWithAWrongKeyFile(t *testing.T) {
	keys := filepath.Join(t.TempDir(), "links.keys")
	writeFile(t, keys, "k1 AAECAwQF\n")
	var stdout, stderr strings.Builder
	status := Run(t.Context(), []string{"doctor", "http://127.0.0.1:1", "--key=a", "--key-file", keys}, &stdout, &stderr, openLocal)
	if want := keys + ":1: the key k1 has 6 bytes"; status != exitFailure || stdout.Len() > 0 || !strings.Contains(stderr.String(), want) || strings.Contains(stderr.String(), "AAECAwQF") {
		t.Errorf("status %d, %s%s, want %q", status, &stdout, &stderr, want)
	}
}
