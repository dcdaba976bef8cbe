//go:build unix

package main

import (
	"bufio"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
)

// The program itself serves the samples, and lets a download finish after SIGTERM.
func TestProgram(t *testing.T) {
	const size = 64 << 20 // more than a connection's buffers hold
	dir := t.TempDir()
	if err := os.CopyFS(dir, os.DirFS(filepath.Join("..", "..", "testdata", "samples"))); err != nil {
		t.Fatal(err)
	}
	large := filepath.Join(dir, "large")
	if err := os.WriteFile(large, nil, 0o666); err != nil {
		t.Fatal(err)
	}
	if err := os.Truncate(large, size); err != nil {
		t.Fatal(err)
	}

	cmd, lines, base := startProgram(t, build(t), "--index", dir)
	defer cmd.Process.Kill()

	resp, err := http.Get(base + "/")
	if err != nil {
		t.Fatal(err)
	}
	page, err := io.ReadAll(resp.Body)
	resp.Body.Close()
	if err != nil || !strings.Contains(string(page), `<a href="./100%25%20done.txt">`) {
		t.Errorf("page of the samples, %v:\n%s", err, page)
	}

	resp, err = http.Get(base + "/large")
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if err := cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	for lines.Scan() && !strings.Contains(lines.Text(), "msg=stopping") {
	}
	if _, err := http.Get(base + "/large"); err == nil {
		t.Error("still accepts connections")
	}
	if n, err := io.Copy(io.Discard, resp.Body); n != size || err != nil {
		t.Errorf("download = %d bytes, %v; want %d", n, err, size)
	}
	for lines.Scan() { // the pipe is to be read before Wait
	}
	if err := cmd.Wait(); err != nil {
		t.Errorf("it ended with %v, want status 0", err)
	}
}

// built is the program, which build makes once.
var built struct {
	once sync.Once
	dir  string
	err  error
}

func TestMain(m *testing.M) {
	code := m.Run()
	os.RemoveAll(built.dir)
	os.Exit(code)
}

// build builds the program, if no test has yet, and returns its path.
func build(t *testing.T) string {
	t.Helper()
	built.once.Do(func() {
		if built.dir, built.err = os.MkdirTemp("", "downloadview"); built.err != nil {
			return
		}
		if out, err := exec.Command("go", "build", "-o", built.dir, ".").CombinedOutput(); err != nil {
			built.err = fmt.Errorf("go build: %w\n%s", err, out)
		}
	})
	if built.err != nil {
		t.Fatal(built.err)
	}
	return filepath.Join(built.dir, "downloadview")
}

// startProgram starts "downloadview serve". It returns the process, the lines of its
// stderr after the first, and its URL.
func startProgram(t *testing.T, program string, args ...string) (cmd *exec.Cmd, lines *bufio.Scanner, base string) {
	t.Helper()
	cmd = exec.Command(program, append([]string{"serve", "--listen=127.0.0.1:0"}, args...)...)
	cmd.Env = []string{"HOME=/nonexistent"}
	stderr, err := cmd.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	lines = bufio.NewScanner(stderr)
	lines.Scan()
	base, ok := strings.CutPrefix(lines.Text(), "listening on ")
	if !ok {
		cmd.Process.Kill()
		t.Fatalf("first line = %q", lines.Text())
	}
	return cmd, lines, base
}
