//go:build unix

package command

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/downloadview/downloadview/internal/testserver"
)

// writeOnce writes text into a pipe at path when it is read, as a shell does for <(...).
func writeOnce(t *testing.T, path, text string) {
	t.Helper()
	written := make(chan error, 1)
	go func() {
		f, err := os.OpenFile(path, os.O_WRONLY, 0)
		if err == nil {
			_, err = f.WriteString(text)
			f.Close()
		}
		written <- err
	}()
	t.Cleanup(func() {
		if f, err := os.OpenFile(path, os.O_RDONLY|syscall.O_NONBLOCK, 0); err == nil {
			defer f.Close() // lets one go on that nobody has read
		}
		if err := <-written; err != nil && !strings.Contains(err.Error(), "broken pipe") {
			t.Error(err)
		}
	})
}

func makePipe(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "pipe")
	if err := syscall.Mkfifo(path, 0o600); err != nil {
		testserver.Lacking(t, "needs named pipes: %v", err)
	}
	return path
}

// A configuration file that is a pipe is read at the start. On SIGHUP it can't be read
// again: the server logs that, and continues to serve and to stop as before.
func TestHangupOfAPipe(t *testing.T) {
	pipe := makePipe(t)
	writeOnce(t, pipe, "proxies: {front: nginx}\nrules: [{id: all, source: /, destination: /_one/}]\n")
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "a.txt"), []byte("a"), 0o600); err != nil {
		t.Fatal(err)
	}
	p := start(t, "--config="+pipe, dir)
	for range 2 {
		p.signal(t, syscall.SIGHUP)
		line, ok := p.await("the old rules stay")
		if !ok || !strings.Contains(line, "can't be read again") {
			t.Fatalf("the log says %q, want that the pipe can't be read again", line)
		}
	}
	if resp, err := ask(p.url, "HEAD", "/a.txt"); err != nil || !strings.HasPrefix(resp.Header.Get("X-Accel-Redirect"), "/_one/") {
		t.Errorf("%+v, %v; want a hand-over by the old rules", resp, err)
	} else {
		resp.Conn.Close()
	}
	p.signal(t, syscall.SIGTERM)
	if got := p.wait(); got != exitOK {
		t.Errorf("exit status = %d", got)
	}
}

// SIGHUP while the server starts doesn't end it. The server hears it when it has started.
func TestHangupAtTheStart(t *testing.T) {
	pipe := makePipe(t)
	cmd := exec.Command("downloadview", "serve", "--listen=127.0.0.1:0", "--config="+pipe, t.TempDir())
	p, err := runCommand(cmd)
	if err != nil {
		t.Fatal(err)
	}
	p.killAtEnd(t)
	f, err := os.OpenFile(pipe, os.O_WRONLY, 0) // waits until the server reads it
	if err != nil {
		t.Fatal(err)
	}
	p.signal(t, syscall.SIGHUP)
	if _, err := f.WriteString("log: text\n"); err != nil {
		t.Error(err)
	}
	if err := f.Close(); err != nil {
		t.Error(err)
	}
	if _, ok := p.await("can't be read again"); !ok {
		t.Errorf("it ended with %v, want that it reads its files again", p.wait())
	}
}

// Each command reads the file once, so the file may be a pipe.
func TestFileIsReadOnce(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "a.txt"), []byte("a"), 0o600); err != nil {
		t.Fatal(err)
	}
	text := "storages: {media: " + dir + "}\nproxies: {front: nginx}\nrules: [{id: media, source: " + dir + ", destination: /_media/}]\n"
	for _, args := range [][]string{
		{"config", "check", "PIPE"},
		{"config", "nginx", "--config", "PIPE"},
		{"explain", "--config", "PIPE", "/a.txt"},
	} {
		t.Run(args[0]+" "+args[1], func(t *testing.T) {
			pipe := makePipe(t)
			writeOnce(t, pipe, text)
			for i := range args {
				args[i] = strings.ReplaceAll(args[i], "PIPE", pipe)
			}
			var stdout, stderr bytes.Buffer
			if status := Run(t.Context(), args, &stdout, &stderr, nil); status != exitOK {
				t.Errorf("status %d, stderr %s", status, stderr.String())
			}
		})
	}
}
