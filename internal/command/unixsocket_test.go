//go:build unix

package command

import (
	"errors"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/downloadview/downloadview/internal/config"
)

// socketDir is a directory whose name is short, as sockets need it.
func socketDir(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "dv")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	return dir
}

func TestUnixSocketOfProcess(t *testing.T) {
	path := filepath.Join(socketDir(t), "s.sock")
	// One that is killed leaves its socket; the next one takes it over.
	p := start(t, "--listen=unix:"+path, ".")
	p.cmd.Process.Kill()
	p.wait()
	if _, err := os.Lstat(path); err != nil {
		t.Fatalf("no stale socket to test with: %v", err)
	}
	p = start(t, "--listen=unix:"+path, "--index", ".")
	if want := "http://unix:" + path; p.url != want {
		t.Errorf("listens on %q, want %q", p.url, want)
	}
	resp, _, err := fetch(p.url, "GET", "/")
	if err != nil || resp.StatusCode != 200 {
		t.Errorf("GET / = %v, %v", resp, err)
	}
	p.mustAwait(t, "remote=unix")
	if _, err := startProcess(t.TempDir(), nil, "--listen=unix:"+path, "."); err == nil || !strings.Contains(err.Error(), "--listen unix:"+path+": address already in use") {
		t.Errorf("a second server: %v, want that it is in use", err)
	}
	if resp, _, err := fetch(p.url, "GET", "/"); err != nil || resp.StatusCode != 200 {
		t.Errorf("the first server is gone: %v", err)
	}
	p.signal(t, syscall.SIGTERM)
	if got := p.wait(); got != exitOK {
		t.Errorf("exit status = %d", got)
	}
	if _, err := os.Lstat(path); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("the socket is still there: %v", err)
	}
}

func TestListenUnixKeepsOthers(t *testing.T) {
	dir := socketDir(t)
	makers := map[string]func(path string) error{
		"file":      func(path string) error { return os.WriteFile(path, []byte("precious"), 0o666) },
		"directory": func(path string) error { return os.Mkdir(path, 0o777) },
		"link":      func(path string) error { return os.Symlink("nowhere", path) },
		"pipe":      func(path string) error { return syscall.Mkfifo(path, 0o666) },
	}
	for name, mk := range makers {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(dir, name)
			if err := mk(path); err != nil {
				t.Fatal(err)
			}
			before, err := os.Lstat(path)
			if err != nil {
				t.Fatal(err)
			}
			if ln, err := listenUnix(config.Address{Network: "unix", Name: path}); err == nil {
				ln.Close()
				t.Error("listens where something else is")
			} else if !strings.Contains(err.Error(), path) {
				t.Errorf("error %q doesn't name the path", err)
			}
			after, err := os.Lstat(path)
			if err != nil || !os.SameFile(before, after) {
				t.Errorf("it is gone: %v", err)
			}
		})
	}
}

// Close leaves a socket that another server has put at the path since.
func TestUnixListenerRemovesOnlyItsOwn(t *testing.T) {
	path := filepath.Join(socketDir(t), "s")
	first, err := listenUnix(config.Address{Network: "unix", Name: path})
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	second, err := listenUnix(config.Address{Network: "unix", Name: path})
	if err != nil {
		t.Fatal(err)
	}
	defer second.Close()
	first.Close()
	first.Close()
	c, err := net.Dial("unix", path)
	if err != nil {
		t.Fatalf("the second server's socket is gone: %v", err)
	}
	c.Close()
}

func TestListenUnixLongPath(t *testing.T) {
	path := filepath.Join(socketDir(t), strings.Repeat("x", 150))
	_, err := listenUnix(config.Address{Network: "unix", Name: path})
	if err == nil || !strings.Contains(err.Error(), "more than the path of a socket may have") {
		t.Errorf("listenUnix of a long path: %v, want that it is too long", err)
	}
}
