package command

import (
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
)

// A file that the process may not read is not handed over, to any server.
func TestUnreadableIsNotHandedOver(t *testing.T) {
	dir, err := os.MkdirTemp("", "command") // t.TempDir is closed to others
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "locked"), []byte("secret"), 0); err != nil {
		t.Fatal(err)
	}
	program := filepath.Join(dir, "downloadview")
	copyOfItself(t, program)
	for _, tt := range handovers() {
		cmd := asNobody(program, "serve", "--listen=127.0.0.1:0", "--accel", tt.Name, "--rule", dir+"="+tt.destination, dir)
		cmd.Dir = dir
		p, err := startCommand(cmd)
		if err != nil {
			t.Fatal(err)
		}
		p.killAtEnd(t)
		for _, method := range []string{"GET", "HEAD"} {
			if got := p.get(t, method, "/locked"); got.status != 403 || got.told() != nil {
				t.Errorf("%s, %s: %d, told %q; want 403", tt.Name, method, got.status, got.told())
			}
		}
	}
}

// asNobody makes a program run as the user nobody, if the test runs as root.
func asNobody(program string, args ...string) *exec.Cmd {
	cmd := exec.Command(program, args...)
	cmd.Dir = "/"
	if os.Geteuid() == 0 {
		cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: nobody, Gid: nobody}}
	}
	return cmd
}

// copyOfItself copies the program to a place where every user may run it.
func copyOfItself(t *testing.T, to string) {
	t.Helper()
	self, err := exec.LookPath("downloadview")
	if err != nil {
		t.Fatal(err)
	}
	src, err := os.Open(self)
	if err != nil {
		t.Fatal(err)
	}
	defer src.Close()
	dst, err := os.OpenFile(to, os.O_CREATE|os.O_WRONLY, 0o755)
	if err != nil {
		t.Fatal(err)
	}
	if _, err = io.Copy(dst, src); err == nil {
		err = dst.Close()
	}
	if err != nil {
		t.Fatal(err)
	}
}

// A directory that may be searched but not read is served; its page is 403.
func TestSearchOnlyDirectory(t *testing.T) {
	top, err := os.MkdirTemp("", "command") // as above
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(top) })
	program, dir := filepath.Join(top, "downloadview"), filepath.Join(top, "dir")
	copyOfItself(t, program)
	if err := os.Mkdir(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "a"), []byte("content"), 0o644); err != nil {
		t.Fatal(err)
	}
	for name, mode := range map[string]os.FileMode{top: 0o755, dir: 0o311} {
		if err := os.Chmod(name, mode); err != nil {
			t.Fatal(err)
		}
	}
	cmd := exec.Command(program, "serve", "--listen=127.0.0.1:0", "--index", dir)
	cmd.Dir = top
	if os.Geteuid() == 0 {
		const nobody = 65534
		cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: nobody, Gid: nobody}}
	}
	p, err := startCommand(cmd)
	if err != nil {
		t.Fatal(err)
	}
	p.killAtEnd(t)
	for path, want := range map[string]string{"/a": "content", "/missing": "404", "/": "403"} {
		if text := got(t, p.url+path); text != want {
			t.Errorf("%s: %q, want %q", path, text, want)
		}
	}
}
