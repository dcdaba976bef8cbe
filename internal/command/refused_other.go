//go:build !windows

package command

import "syscall"

const connectionRefused = syscall.ECONNREFUSED
