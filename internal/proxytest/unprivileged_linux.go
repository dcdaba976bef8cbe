package proxytest

import (
	"os"
	"os/exec"
	"syscall"
)

// unprivileged makes cmd run as another user if this test runs as root, because Apache
// refuses to send files as root. The user can still read the files that root created
// for the test.
func unprivileged(cmd *exec.Cmd) {
	if os.Geteuid() != 0 {
		return
	}
	const nobody, dacOverride = 65534, 1
	cmd.SysProcAttr = &syscall.SysProcAttr{
		Credential:  &syscall.Credential{Uid: nobody, Gid: nobody},
		AmbientCaps: []uintptr{dacOverride},
	}
}
