//go:build !linux

package proxytest

import "os/exec"

// unprivileged does nothing: only on Linux do tests run as root, in containers.
func unprivileged(*exec.Cmd) {}
