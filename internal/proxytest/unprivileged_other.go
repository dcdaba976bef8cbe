//go:build !linux

package proxytest

import "os/exec"

// unprivileged is for Linux, where tests run as root in containers.
func unprivileged(*exec.Cmd) {}
