//go:build unix

package command

import "syscall"

// beforeBind makes a socket accessible to this user alone. Linux gives the file of the
// socket the mode that the socket has when it is bound. On systems that don't, the
// umask decides until permit is called.
func beforeBind(_, _ string, c syscall.RawConn) error {
	return c.Control(func(fd uintptr) { _ = syscall.Fchmod(int(fd), 0o600) })
}
