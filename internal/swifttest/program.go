//go:build linux

package swifttest

import (
	"os"
	"os/exec"
	"os/user"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/downloadview/downloadview/internal/testserver"
)

// nobody is the user and the group that the servers run as if the test runs as
// root.
const nobody = 65534

// program returns the path of a program. The environment variable for
// swift-proxy-server is DOWNLOADVIEW_SWIFT_PROXY_SERVER, and so on.
func (c *Cluster) program(t testing.TB, name string) string {
	t.Helper()
	envVar := "DOWNLOADVIEW_" + strings.ToUpper(strings.ReplaceAll(name, "-", "_"))
	return testserver.Binary(t, name, envVar)
}

// command returns a command that runs as the servers' user, in its own process
// group. It ends with the test, even if the test is killed.
func (c *Cluster) command(program string, args ...string) *exec.Cmd {
	cmd := exec.Command(program, args...)
	cmd.Dir = c.dir
	cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "SWIFT_DIR=" + c.dir, "HOME=" + c.dir, "LC_ALL=C.UTF-8"}
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
	if os.Geteuid() == 0 {
		cmd.SysProcAttr.Credential = &syscall.Credential{Uid: nobody, Gid: nobody}
	}
	return cmd
}

func (c *Cluster) launch(t testing.TB, name string, args ...string) *testserver.Process {
	t.Helper()
	return testserver.Launch(t, c.command(c.program(t, name), args...))
}

// userName returns the name of the servers' user, for their configuration.
func userName(t testing.TB) string {
	t.Helper()
	id := os.Geteuid()
	if id == 0 {
		id = nobody
	}
	u, err := user.LookupId(strconv.Itoa(id))
	if err != nil {
		t.Fatal(err)
	}
	return u.Username
}
