package deploy

import (
	"crypto/sha256"
	"encoding/hex"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/downloadview/downloadview/internal/testserver"
)

// The Debian package is built twice, in two folders, and has the same bytes. It installs
// into a root of its own, where the program runs with nothing else beside it, as a user
// without a name: so it does in the image of the Containerfile, too.
func TestDebianPackage(t *testing.T) {
	if os.Getuid() != 0 {
		testserver.Lacking(t, "needs root, to install a package into a root of its own")
	}
	for _, program := range []string{"dpkg-deb", "dpkg", "git"} {
		testserver.Binary(t, program, "DOWNLOADVIEW_"+strings.ToUpper(strings.ReplaceAll(program, "-", "_")))
	}
	first, second := build(t), build(t)
	if a, b := sum(t, first), sum(t, second); a != b {
		t.Errorf("two builds of one commit differ: %s and %s", a, b)
	}

	root := t.TempDir()
	if err := os.Chmod(root, 0o755); err != nil {
		t.Fatal(err)
	}
	for _, dir := range []string{"var/lib/dpkg/info", "var/lib/dpkg/updates", "srv/media"} {
		if err := os.MkdirAll(filepath.Join(root, dir), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	write(t, filepath.Join(root, "var/lib/dpkg/status"), "")
	must(t, "dpkg", "--root="+root, "--install", first)
	if status := must(t, "dpkg", "--root="+root, "--verify", "downloadview"); status != "" {
		t.Errorf("files differ from the package: %s", status)
	}
	for _, name := range []string{
		"usr/share/man/man1/downloadview.1.gz", "lib/systemd/system/downloadview.service", "lib/systemd/system/downloadview@.service", "lib/systemd/system/downloadview.socket",
		"usr/share/bash-completion/completions/downloadview", "usr/share/doc/downloadview/copyright",
	} {
		if info, err := os.Stat(filepath.Join(root, name)); err != nil || info.Size() == 0 {
			t.Errorf("%s: %v", name, err)
		}
	}

	write(t, filepath.Join(root, "srv/media/a.txt"), "0123456789")
	settings := filepath.Join(root, "etc/downloadview/downloadview.yaml")
	write(t, settings, strings.Replace(read(t, settings), "127.0.0.1:8080", "127.0.0.1:0", 1))
	cmd := exec.Command("/usr/bin/downloadview", "serve", "--config", "/etc/downloadview/downloadview.yaml")
	cmd.SysProcAttr = &syscall.SysProcAttr{Chroot: root, Credential: &syscall.Credential{Uid: 65532, Gid: 65532}}
	cmd.Dir, cmd.Env = "/", []string{}
	stderr, err := cmd.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	lines := linesOf(stderr)
	if url := strings.TrimPrefix(await(lines, "listening on "), "listening on "); url == "" {
		t.Error("it doesn't listen")
	} else {
		resp, err := http.Get(url + "/a.txt")
		if err != nil {
			t.Error(err)
		} else if body, err := io.ReadAll(resp.Body); err != nil || string(body) != "0123456789" {
			t.Errorf("%d %q %v", resp.StatusCode, body, err)
		} else {
			resp.Body.Close()
		}
	}
	cmd.Process.Signal(syscall.SIGTERM)
	await(lines, "\x00") // the end
	if err := cmd.Wait(); err != nil {
		t.Error(err)
	}
}

// build makes the package in a new clone.
func build(t *testing.T) (deb string) {
	t.Helper()
	clone := filepath.Join(t.TempDir(), "clone")
	must(t, "git", "clone", "-q", "..", clone)
	must(t, filepath.Join(clone, "scripts/deb"))
	found, err := filepath.Glob(filepath.Join(clone, "dist/*.deb"))
	if err != nil || len(found) != 1 {
		t.Fatal(found, err)
	}
	return found[0]
}

// must runs a program, and returns what it writes.
func must(t *testing.T, name string, args ...string) string {
	t.Helper()
	out, err := exec.Command(name, args...).CombinedOutput()
	if err != nil {
		t.Fatalf("%s %s: %v\n%s", name, strings.Join(args, " "), err, out)
	}
	return string(out)
}

// mustFail runs a program that must fail, and returns what it writes.
func mustFail(t *testing.T, name string, args ...string) string {
	t.Helper()
	out, err := exec.Command(name, args...).CombinedOutput()
	if err == nil {
		t.Errorf("%s succeeds:\n%s", name, out)
	}
	return string(out)
}

func sum(t *testing.T, name string) string {
	t.Helper()
	h := sha256.Sum256([]byte(read(t, name)))
	return hex.EncodeToString(h[:])
}
