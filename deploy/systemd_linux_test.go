package deploy

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/downloadview/downloadview/internal/testserver"
)

// systemd accepts the units, and rates what the service may do below 1.5 of 10 ("OK"
// ends at 4.9, and 9.6 is a service without any limits).
func TestUnits(t *testing.T) {
	analyze := testserver.Binary(t, "systemd-analyze", "DOWNLOADVIEW_SYSTEMD_ANALYZE")
	dir := t.TempDir()
	program := filepath.Join(dir, "downloadview")
	if err := os.WriteFile(program, nil, 0o755); err != nil {
		t.Fatal(err)
	}
	var units []string
	for _, name := range []string{"downloadview.service", "downloadview@.service", "downloadview.socket"} {
		unit := strings.Replace(read(t, "systemd/"+name), "/usr/bin/downloadview ", program+" ", 1)
		units = append(units, filepath.Join(dir, name))
		if err := os.WriteFile(units[len(units)-1], []byte(unit), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	out, err := exec.Command(analyze, append([]string{"verify", "--man=no"}, units...)...).CombinedOutput()
	if err != nil || len(out) > 0 {
		t.Errorf("verify: %v\n%s", err, out)
	}
	for _, service := range units[:2] {
		out, err = exec.Command(analyze, "security", "--offline=yes", "--threshold=15", "--no-pager", service).CombinedOutput()
		if err != nil {
			t.Errorf("security: %v\n%s", err, out)
		}
	}
}

// With SupplementaryGroups=, the service can give its socket to the group of the proxy:
// "listen: unix:PATH?group=NAME" needs no privilege for a group of its own.
func TestUnitsPermitAGroupOfTheSocket(t *testing.T) {
	analyze := testserver.Binary(t, "systemd-analyze", "DOWNLOADVIEW_SYSTEMD_ANALYZE")
	for _, name := range []string{"downloadview.service", "downloadview@.service"} {
		allowed := map[string]bool{}
		for _, filter := range regexp.MustCompile(`(?m)^SystemCallFilter=(~?)(.*)`).FindAllStringSubmatch(read(t, "systemd/"+name), -1) {
			for _, call := range strings.Fields(filter[2]) {
				for _, call := range calls(t, analyze, call) {
					allowed[call] = filter[1] == ""
				}
			}
		}
		for call, want := range map[string]bool{"bind": true, "lchown": true, "fchownat": true, "fchmodat": true, "mount": false, "setuid": false, "chroot": false, "setrlimit": false} {
			if allowed[call] != want {
				t.Errorf("%s: %s is permitted: %v, want %v", name, call, allowed[call], want)
			}
		}
	}
}

// calls returns the system calls in a set of systemd, such as @chown.
func calls(t *testing.T, analyze, name string) (all []string) {
	t.Helper()
	if !strings.HasPrefix(name, "@") {
		return []string{name}
	}
	for line := range strings.Lines(must(t, analyze, "syscall-filter", "--no-pager", name)) {
		if inside, ok := strings.CutPrefix(line, "    "); ok && inside[0] != '#' {
			all = append(all, calls(t, analyze, strings.TrimSpace(inside))...)
		}
	}
	return all
}

// The second process may do what the first one may, and nothing else.
func TestUnitsAreAlike(t *testing.T) {
	directives := func(name string) []string {
		return regexp.MustCompile(`(?m)^[A-Z]\w+=.*`).FindAllString(read(t, "systemd/"+name), -1)
	}
	service, next := directives("downloadview.service"), directives("downloadview@.service")
	var differ []string
	for _, d := range append(slices.Clone(service), next...) {
		if !slices.Contains(service, d) || !slices.Contains(next, d) {
			name, _, _ := strings.Cut(d, "=")
			differ = append(differ, name)
		}
	}
	slices.Sort(differ)
	if want := []string{"Description", "ExecStart", "RuntimeDirectory", "Sockets", "User", "WantedBy"}; !slices.Equal(slices.Compact(differ), want) {
		t.Errorf("%q differ, want %q", differ, want)
	}
}

func read(t *testing.T, name string) string {
	t.Helper()
	content, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return string(content)
}
