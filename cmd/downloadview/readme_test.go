//go:build unix

package main

import (
	"bufio"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"testing"
)

// The commands of the README and of docs/coming-from work as the pages describe. The test
// replaces their folder by one of its own, and their port by a free one.
func TestReadmeCommands(t *testing.T) {
	pages, err := filepath.Glob("../../docs/coming-from/*.md")
	if err != nil {
		t.Fatal(err)
	}
	var commands []string
	for _, page := range append(pages, "../../README.md") {
		text, err := os.ReadFile(page)
		if err != nil {
			t.Fatal(err)
		}
		for _, c := range regexp.MustCompile(`(?m)^(?:go run \./cmd/)?downloadview (.*)$`).FindAllStringSubmatch(string(text), -1) {
			if !slices.Contains(commands, c[1]) {
				commands = append(commands, c[1])
			}
		}
	}
	program := build(t)
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "report.pdf"), []byte("%PDF"), 0o600); err != nil {
		t.Fatal(err)
	}
	says := map[string]string{"config": "alias " + dir + "/;", "explain": "X-Accel-Redirect: /_media/report.pdf"}
	if len(commands) < 7 {
		t.Fatalf("%d commands found, want 7 at least", len(commands))
	}
	for _, c := range commands {
		t.Run(c, func(t *testing.T) {
			theirs := strings.NewReplacer("/srv/media", dir, "'", "")
			args := strings.Fields(c)
			for i := range args {
				args[i] = theirs.Replace(args[i])
			}
			if want := says[args[0]]; want != "" {
				out, err := exec.Command(program, args...).CombinedOutput()
				if err != nil || !strings.Contains(string(out), want) {
					t.Errorf("%v, want %q in\n%s", err, want, out)
				}
				return
			}
			cmd := exec.Command(program, append(args, "--listen=127.0.0.1:0")...)
			cmd.Dir = "../.."
			cmd.Env = append(os.Environ(), "AWS_ACCESS_KEY_ID=test", "AWS_SECRET_ACCESS_KEY=test", "AWS_EC2_METADATA_DISABLED=true")
			stderr, err := cmd.StderrPipe()
			if err != nil {
				t.Fatal(err)
			}
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			lines := bufio.NewReader(stderr)
			first, _ := lines.ReadString('\n')
			base, ok := strings.CutPrefix(strings.TrimSpace(first), "listening on ")
			if !ok {
				t.Errorf("first line = %q", first)
			} else if strings.HasSuffix(c, " testdata") {
				resp, err := http.Get(base + "/samples/100%25%20done.txt")
				if err != nil || resp.StatusCode != http.StatusOK {
					t.Errorf("a sample: %v, %v", resp, err)
				}
			}
			cmd.Process.Signal(syscall.SIGTERM)
			io.Copy(io.Discard, lines)
			if err := cmd.Wait(); err != nil {
				t.Error(err)
			}
		})
	}
}
