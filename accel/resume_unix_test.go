//go:build unix

package accel_test

import (
	"os/exec"
	"strconv"
	"strings"
	"testing"

	"github.com/downloadview/downloadview/internal/nginxtest"
	"github.com/downloadview/downloadview/internal/testserver"
)

// Common clients resume a download in another mode than that in which it broke off. A
// limit on the size of the file that the client writes makes it break off.
func TestResumeByOtherClients(t *testing.T) {
	s := newSite(t, nginxtest.Options{})
	content := numbered(3 << 20)
	if err := s.write("big.bin", content); err != nil {
		t.Fatal(err)
	}
	for _, client := range []struct {
		name, envVar string
		args         []string
	}{
		{"curl", "DOWNLOADVIEW_CURL", []string{"--silent", "--show-error", "--dump-header", "/dev/stderr", "--continue-at", "-", "--output", "big.bin"}},
		{"wget", "DOWNLOADVIEW_WGET", []string{"--no-verbose", "--server-response", "--tries=1", "--no-config", "--continue", "--output-document", "big.bin"}},
	} {
		binary := testserver.Binary(t, client.name, client.envVar)
		for i, first := range modes {
			second := modes[1-i]
			t.Run(client.name+"/"+first.name+" then "+second.name, func(t *testing.T) {
				dir := t.TempDir()
				run := func(limits string) (string, error) {
					args := append([]string{"-c", limits + ` exec "$@"`, "sh", binary}, client.args...)
					cmd := exec.CommandContext(t.Context(), "sh", append(args, s.URL+"/big.bin")...)
					cmd.Dir = dir
					out, err := cmd.CombinedOutput()
					return string(out), err
				}

				s.streams.Store(first.streams)
				out, err := run("ulimit -c 0; ulimit -f 1000;")
				if err == nil {
					t.Fatalf("%s did not break off: %s", client.name, out)
				}
				first.want(t, s.outcome(t))
				begun := readFile(t, dir, "big.bin")
				if len(begun) == 0 || len(begun) >= len(content) {
					t.Fatalf("broke off after %d of %d bytes", len(begun), len(content))
				}

				s.streams.Store(second.streams)
				if out, err = run(""); err != nil {
					t.Fatalf("%s: %v: %s", client.name, err, out)
				}
				second.want(t, s.outcome(t))
				if !strings.Contains(out, "HTTP/1.1 206") {
					t.Errorf("%s began again, want 206: %s", client.name, out)
				}
				if got := readFile(t, dir, "big.bin"); got != content {
					t.Errorf("%d bytes, want the %d of the file; the first %d were there", len(got), len(content), len(begun))
				}
			})
		}
	}
}

// numbered returns n bytes in which no part occurs twice.
func numbered(n int) string {
	var b strings.Builder
	for i := 0; b.Len() < n; i++ {
		b.WriteString(strings.Repeat("-", 1+i%7))
		b.WriteString(strconv.Itoa(i))
	}
	return b.String()[:n]
}
