//go:build unix

package matrix_test

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/downloadview/downloadview/internal/testserver"
)

// Common clients that can resume a download. A limit on the size of the file that they
// write makes the download break off; aria2c is stopped.
type client struct {
	name, envVar string
	limit        string // for the shell that starts the first run
	args         []string
	first        []string // further arguments of the run that is broken off
	goesOn       string   // what it says when it goes on
}

var clients = []client{
	{
		"curl", "DOWNLOADVIEW_CURL", "ulimit -c 0; ulimit -f 1000;",
		[]string{"--silent", "--show-error", "--location", "--dump-header", "/dev/stderr", "--continue-at", "-", "--output", "big.bin"},
		nil, "HTTP/1.1 206",
	},
	{
		"wget", "DOWNLOADVIEW_WGET", "ulimit -c 0; ulimit -f 1000;",
		[]string{"--no-verbose", "--server-response", "--tries=1", "--no-config", "--continue", "--output-document", "big.bin"},
		nil, "HTTP/1.1 206",
	},
	{
		"aria2c", "DOWNLOADVIEW_ARIA2C", "",
		[]string{"-c", "-x8", "-s8", "-k1M", "--no-conf", "--file-allocation=none", "--allow-overwrite=false", "--auto-file-renaming=false", "--out", "big.bin"},
		[]string{"--stop=1", "--max-overall-download-limit=1M"},
		"(OK)",
	},
}

// A download that breaks off in one mode can be resumed in every other.
func TestResume(t *testing.T) {
	content := numbered(8 << 20)
	local := places(t)[:1]
	path := filepath.Join(local[0].dir, "big.bin")
	if err := os.WriteFile(path, content, 0o644); err != nil {
		t.Fatal(err)
	}
	if err := os.Chtimes(path, longAgo, longAgo); err != nil {
		t.Fatal(err)
	}
	for _, server := range servers {
		t.Run(server, func(t *testing.T) {
			goOn(t, newSite(t, server, local), "disk", content, []string{"stream", "blind"})
		})
	}
	t.Run("bucket", func(t *testing.T) {
		p, put := bucket(t)
		put("big.bin", content)
		goOn(t, newSite(t, "nginx", []place{p}), p.name, content, []string{"stream", "blind", "redirect"})
	})
}

func goOn(t *testing.T, s *site, place string, content []byte, modes []string) {
	t.Helper()
	for _, c := range clients {
		binary := testserver.Binary(t, c.name, c.envVar)
		for _, first := range modes {
			for _, second := range modes {
				if first == second {
					continue
				}
				t.Run(c.name+"/"+first+" then "+second, func(t *testing.T) {
					dir := t.TempDir()
					out, err := c.run(t, binary, dir, c.limit, s.proxy.URL+target(first, place, "big.bin"), c.first...)
					begun := size(t, dir)
					if err == nil || begun == 0 {
						t.Fatalf("did not break off after %d of %d bytes: %s", begun, len(content), out)
					}
					out, err = c.run(t, binary, dir, "", s.proxy.URL+target(second, place, "big.bin"))
					if err != nil || !strings.Contains(out, c.goesOn) {
						t.Errorf("%v, want %q: %s", err, c.goesOn, out)
					}
					got, err := os.ReadFile(filepath.Join(dir, "big.bin"))
					if err != nil || !bytes.Equal(got, content) {
						t.Errorf("%d bytes, %v; want the %d of the file, of which %d were there", len(got), err, len(content), begun)
					}
					s.forget()
				})
			}
		}
	}
}

func (c client) run(t *testing.T, binary, dir, limits, url string, more ...string) (string, error) {
	t.Helper()
	args := []string{"-c", limits + ` exec "$@"`, "sh", binary}
	args = append(append(append(args, c.args...), more...), url)
	cmd := exec.CommandContext(t.Context(), "sh", args...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "HOME="+dir)
	out, err := cmd.CombinedOutput()
	return string(out), err
}

func size(t *testing.T, dir string) int64 {
	t.Helper()
	fi, err := os.Stat(filepath.Join(dir, "big.bin"))
	if err != nil {
		t.Fatal(err)
	}
	return fi.Size()
}

// numbered returns n bytes in which no part occurs twice.
func numbered(n int) []byte {
	var b bytes.Buffer
	for i := 0; b.Len() < n; i++ {
		b.WriteString(strings.Repeat("-", 1+i%7))
		b.WriteString(strconv.Itoa(i))
	}
	return b.Bytes()[:n]
}
