//go:build unix

package main

import (
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// Whether a local directory is given as a path or as a URL, no link leads out of it, and
// a pipe in it blocks neither a request nor the end of the process.
func TestLocalDirectory(t *testing.T) {
	top := t.TempDir()
	dir := filepath.Join(top, "media")
	for _, err := range []error{
		os.MkdirAll(filepath.Join(dir, "in"), 0o755),
		os.Mkdir(filepath.Join(top, "private"), 0o755),
		os.WriteFile(filepath.Join(top, "private", "secret.txt"), []byte("secret"), 0o600),
		os.WriteFile(filepath.Join(dir, "in", "a.txt"), []byte("content"), 0o600),
		os.Symlink("in/a.txt", filepath.Join(dir, "inside.txt")),
		os.Symlink("../private/secret.txt", filepath.Join(dir, "relative")),
		os.Symlink("/etc/passwd", filepath.Join(dir, "passwd")),
		os.Symlink("/etc", filepath.Join(dir, "etc")),
		os.Symlink("../private", filepath.Join(dir, "private")),
		os.Symlink("/dev/zero", filepath.Join(dir, "zero")),
		syscall.Mkfifo(filepath.Join(dir, "pipe"), 0o600),
		os.Symlink("pipe", filepath.Join(dir, "to-the-pipe")),
		syscall.Mkfifo(filepath.Join(dir, "in", "a.txt.attrs"), 0o600),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
	socket, err := net.Listen("unix", filepath.Join(dir, "socket"))
	if err != nil {
		t.Fatal(err)
	}
	defer socket.Close()

	program := build(t)
	client := &http.Client{Timeout: time.Minute}
	for name, storage := range map[string]string{
		"directory":        dir,
		"file":             "file://" + dir,
		"file, no sidecar": "file://" + dir + "?metadata=skip&no_tmp_dir=1",
		"file, prefix":     "file://" + top + "?prefix=media/",
	} {
		t.Run(name, func(t *testing.T) {
			cmd, lines, base := startProgram(t, program, "--index", "--grace=10s", storage)
			defer cmd.Process.Kill()
			ask := func(method, path, rng string) (int, string) {
				t.Helper()
				r, err := http.NewRequestWithContext(t.Context(), method, base+path, nil)
				if err != nil {
					t.Fatal(err)
				}
				if rng != "" {
					r.Header.Set("Range", rng)
				}
				resp, err := client.Do(r)
				if err != nil {
					t.Fatalf("%s %s: %v", method, path, err)
				}
				defer resp.Body.Close()
				body, err := io.ReadAll(resp.Body)
				if err != nil {
					t.Errorf("%s %s: %v", method, path, err)
				}
				return resp.StatusCode, string(body)
			}
			for _, path := range []string{
				"/relative", "/passwd", "/etc/passwd", "/private/secret.txt", "/zero", "/pipe", "/to-the-pipe", "/socket",
				"/etc/", "/private/",
			} {
				for _, rng := range []string{"", "bytes=0-9", "bytes=-3"} {
					if status, body := ask("GET", path, rng); status != http.StatusNotFound || body != "Not Found\n" {
						t.Errorf("GET %s, Range %q: %d %.40q, want 404", path, rng, status, body)
					}
				}
				if status, _ := ask("HEAD", path, ""); status != http.StatusNotFound {
					t.Errorf("HEAD %s: %d, want 404", path, status)
				}
			}
			for _, path := range []string{"/inside.txt", "/in/a.txt"} {
				if status, body := ask("GET", path, "bytes=0-3"); status != http.StatusPartialContent || body != "cont" {
					t.Errorf("GET %s: %d %q, want the file", path, status, body)
				}
			}
			_, page := ask("GET", "/", "")
			for _, hidden := range []string{"relative", "passwd", "etc", "private", "zero", "pipe", "socket"} {
				if strings.Contains(page, `"./`+hidden) {
					t.Errorf("the page shows %s", hidden)
				}
			}
			if !strings.Contains(page, `"./in/"`) || !strings.Contains(page, `"./inside.txt"`) {
				t.Errorf("the page lacks what is there:\n%s", page)
			}

			if err := cmd.Process.Signal(syscall.SIGTERM); err != nil {
				t.Fatal(err)
			}
			hangs := time.AfterFunc(time.Minute, func() { cmd.Process.Kill() })
			defer hangs.Stop()
			for lines.Scan() {
			}
			if err := cmd.Wait(); err != nil {
				t.Errorf("after SIGTERM it ended with %v, want status 0", err)
			}
		})
	}
}
