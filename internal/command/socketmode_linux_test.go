package command

import (
	"errors"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"

	"github.com/downloadview/downloadview/internal/config"
	"github.com/downloadview/downloadview/internal/testserver"
)

// dialAs connects to the socket as another user, with one group.
func dialAs(uid, gid int, path string) error {
	result := make(chan error)
	go func() {
		runtime.LockOSThread() // and never unlock: the thread ends with its rights
		for _, call := range [][2]uintptr{
			{syscall.SYS_SETGROUPS, 0}, {syscall.SYS_SETRESGID, uintptr(gid)}, {syscall.SYS_SETRESUID, uintptr(uid)},
		} {
			id := call[1]
			if _, _, errno := syscall.RawSyscall(call[0], id, id, id); errno != 0 {
				result <- errno
				return
			}
		}
		c, err := net.Dial("unix", path)
		if err == nil {
			c.Close()
		}
		result <- err
	}()
	return <-result
}

func asRoot(t *testing.T) {
	t.Helper()
	if os.Geteuid() != 0 {
		testserver.Lacking(t, "needs root, to be other users")
	}
}

const (
	nobody  = 65534
	members = 4242 // a group that nobody else has
)

func TestSocketPermissions(t *testing.T) {
	asRoot(t)
	dir := socketDir(t)
	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	old := syscall.Umask(0o022)
	defer syscall.Umask(old)
	for options, want := range map[string]struct {
		mode               fs.FileMode
		gid                uint32
		anybody, thoseOfIt bool
	}{
		"":                      {0o755, 0, false, false},
		"?mode=0666":            {0o666, 0, true, true},
		"?mode=0600":            {0o600, 0, false, false},
		"?group=4242":           {0o660, members, false, true},
		"?group=4242&mode=0720": {0o720, members, false, true},
		"?group=root&mode=0777": {0o777, 0, true, true},
	} {
		path := filepath.Join(dir, "s")
		p := start(t, "--listen=unix:"+path+options, ".")
		if p.url != "http://unix:"+path {
			t.Errorf("%q: listens on %q", options, p.url)
		}
		fi, err := os.Lstat(path)
		if err != nil {
			t.Fatal(err)
		}
		if st := fi.Sys().(*syscall.Stat_t); fi.Mode().Perm() != want.mode || st.Gid != want.gid {
			t.Errorf("%q: mode %#o, group %d, want %#o, %d", options, fi.Mode().Perm(), st.Gid, want.mode, want.gid)
		}
		for gid, may := range map[int]bool{nobody: want.anybody, members: want.thoseOfIt} {
			err := dialAs(nobody, gid, path)
			if (err == nil) != may || err != nil && !errors.Is(err, fs.ErrPermission) {
				t.Errorf("%q: nobody with the group %d connects: %v, want %v", options, gid, err, may)
			}
		}
		p.signal(t, syscall.SIGTERM)
		p.wait()
	}
}

// No other user can connect before the socket has its permissions, with any umask.
func TestSocketIsClosedUntilItHasItsMode(t *testing.T) {
	asRoot(t)
	dir := socketDir(t)
	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, "s")
	old := syscall.Umask(0)
	lc := net.ListenConfig{Control: beforeBind}
	ln, err := lc.Listen(t.Context(), "unix", path)
	syscall.Umask(old)
	if err != nil {
		t.Fatal(err)
	}
	defer ln.Close()
	if err := dialAs(nobody, nobody, path); !errors.Is(err, fs.ErrPermission) {
		t.Errorf("nobody connects: %v, want %v", err, fs.ErrPermission)
	}
}

// If a socket can't get its mode or group, the server doesn't listen, and removes it.
func TestSocketWithoutItsGroup(t *testing.T) {
	path := filepath.Join(socketDir(t), "s")
	ln, err := listenUnix(config.Address{Network: "unix", Name: path, Mode: 0o660, Group: "no such group"})
	if err == nil {
		ln.Close()
	}
	if err == nil || !strings.Contains(err.Error(), `no group "no such group"`) || !strings.Contains(err.Error(), path) {
		t.Errorf("an unknown group: %v", err)
	}
	asRoot(t)
	if err := os.Chmod(filepath.Dir(path), 0o777); err != nil {
		t.Fatal(err)
	}
	program := filepath.Join(filepath.Dir(path), "downloadview")
	copyOfItself(t, program)
	p, err := startCommand(asNobody(program, "serve", "--listen=unix:"+path+"?group=4242", "/"))
	if err == nil {
		p.killAtEnd(t)
	}
	if err == nil || !strings.Contains(err.Error(), `group "4242": operation not permitted; want a group that this user is in`) {
		t.Errorf("a group of others: %v", err)
	}
	if _, err := os.Lstat(path); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("the socket is still there: %v", err)
	}
}
