package command

import (
	"crypto/sha256"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/downloadview/downloadview/internal/proxies"
	"github.com/downloadview/downloadview/internal/testserver"
)

// apt requests "./Packages" of a flat repository, with the "./" in the path. It gets the
// file from the application, and from each server in front of it.
func TestApt(t *testing.T) {
	apt := testserver.Binary(t, "apt-get", "DOWNLOADVIEW_APT_GET")
	repository := t.TempDir()
	write := func(path, content string) {
		t.Helper()
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	deb := "what apt takes for a package, whose sum is right"
	write(filepath.Join(repository, "pool", "downloadview-canary_1.0_all.deb"), deb)
	write(filepath.Join(repository, "Packages"), fmt.Sprintf("Package: downloadview-canary\nVersion: 1.0\nArchitecture: all\nMaintainer: nobody <nobody@example.org>\n"+
		"Filename: ./pool/downloadview-canary_1.0_all.deb\nSize: %d\nSHA256: %x\nDescription: a canary\n", len(deb), sha256.Sum256([]byte(deb))))
	if err := os.Chmod(repository, 0o755); err != nil {
		t.Fatal(err)
	}

	direct := start(t, repository)
	go direct.await("nothing that it says") // so that it isn't held up
	sites := map[string]string{"direct": direct.url}
	for _, server := range proxies.Servers() {
		rule := repository + "=" + destinationOf(t, server, "/_apt/", repository)
		p := start(t, "--accel", server, "--headers=private", "--rule", rule, repository)
		go p.await("nothing that it says")
		sites[server] = startPrinted(t, server, unchanged, "--upstream", strings.TrimPrefix(p.url, "http://"), "--rule", rule)
	}
	for name, site := range sites {
		t.Run(name, func(t *testing.T) {
			home := t.TempDir()
			for _, dir := range []string{"lists/partial", "cache/archives/partial", "state", "etc/preferences.d", "etc/trusted.gpg.d"} {
				if err := os.MkdirAll(filepath.Join(home, dir), 0o755); err != nil {
					t.Fatal(err)
				}
			}
			write(filepath.Join(home, "state", "status"), "")
			write(filepath.Join(home, "sources.list"), "deb [trusted=yes] "+site+" ./\n")
			write(filepath.Join(home, "apt.conf"), fmt.Sprintf(`Dir::State "%[1]s/state"; Dir::State::lists "%[1]s/lists"; Dir::State::status "%[1]s/state/status";
Dir::Cache "%[1]s/cache"; Dir::Etc "%[1]s/etc"; Dir::Etc::sourcelist "%[1]s/sources.list"; Dir::Etc::sourceparts "/dev/null"; Dir::Etc::parts "/dev/null"; Dir::Etc::main "/dev/null";
APT::Sandbox::User "root"; Acquire::Languages "none"; Acquire::http::Proxy "DIRECT"; Acquire::Retries "0";
`, home))
			run := func(args ...string) string {
				t.Helper()
				cmd := exec.CommandContext(t.Context(), apt, append([]string{"-q"}, args...)...)
				cmd.Dir = home
				cmd.Env = append(os.Environ(), "APT_CONFIG="+filepath.Join(home, "apt.conf"), "LC_ALL=C.UTF-8")
				out, err := cmd.CombinedOutput()
				if err != nil {
					t.Fatalf("apt-get %q: %v\n%s", args, err, out)
				}
				return string(out)
			}
			// It asks for Packages.xz and the like before, which aren't there.
			if out := run("update"); strings.Contains(out, "W:") || !strings.Contains(out, " ./ Packages [") {
				t.Errorf("apt-get update says\n%s", out)
			}
			run("download", "downloadview-canary")
			for _, path := range []string{"//Packages", "/./Packages", "/.//%2e/Packages"} {
				if resp, body, err := fetch(site, "GET", path); err != nil || resp.StatusCode != 200 || !strings.HasPrefix(string(body), "Package: ") {
					t.Errorf("%s: %v, %v", path, resp, err)
				}
			}
			if got, err := os.ReadFile(filepath.Join(home, "downloadview-canary_1.0_all.deb")); err != nil || string(got) != deb {
				t.Errorf("the package is %q, %v", got, err)
			}
		})
	}
}
