//go:build !unix

package command

import "syscall"

func beforeBind(_, _ string, _ syscall.RawConn) error { return nil }
