//go:build unix

package command

import (
	"bufio"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// The server goes on if the program that reads its log ends, and stops as ever.
func TestTheReaderOfTheLogEnds(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "a.txt"), []byte("text"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, format := range []string{"text", "json"} {
		reader, log, err := os.Pipe()
		if err != nil {
			t.Fatal(err)
		}
		cmd := exec.Command("downloadview", "serve", "--listen=127.0.0.1:0", "--log="+format, dir)
		cmd.Stderr = log
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { cmd.Process.Kill() })
		log.Close()
		lines := bufio.NewScanner(reader)
		url := ""
		for url == "" && lines.Scan() {
			_, url, _ = strings.Cut(lines.Text(), "listening on ")
		}
		reader.Close()
		for range 3 {
			if _, body, err := fetch(url, "GET", "/a.txt"); string(body) != "text" || err != nil {
				t.Errorf("%s: %q, %v", format, body, err)
			}
		}
		if err := cmd.Process.Signal(syscall.SIGTERM); err != nil {
			t.Error(err)
		}
		if cmd.Wait(); cmd.ProcessState.ExitCode() != exitOK {
			t.Errorf("%s: %v, want exit status 0", format, cmd.ProcessState)
		}
	}
}
