package proxytest

import (
	"os"
	"os/exec"
	"syscall"
)

// unprivileged has cmd run as somebody else than root, since Apache refuses to
// send files as root. It may still read what root made for the test.
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
