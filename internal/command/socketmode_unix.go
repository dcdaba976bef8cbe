//go:build unix

package command

import "syscall"

// beforeBind closes a socket to all but this user. Linux gives the file of the
// socket the mode that the socket had when it was bound; where a system doesn't
// know that, the umask decides for the moment until permit is called.
func beforeBind(_, _ string, c syscall.RawConn) error {
	return c.Control(func(fd uintptr) { _ = syscall.Fchmod(int(fd), 0o600) })
}
