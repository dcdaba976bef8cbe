//go:build unix

package command

import (
	"fmt"
	"net"
	"os"
	"slices"
	"strings"
	"sync"
	"syscall"

	"github.com/coreos/go-systemd/v22/activation"

	"github.com/downloadview/downloadview/internal/config"
)

// passed returns the sockets that systemd has passed. --listen and --metrics may each take
// one.
var passed = sync.OnceValue(func() []*os.File { return activation.Files(true) })

// listenActivated returns the listener of a socket that systemd has passed. The socket
// stays systemd's: closing the listener removes no file, and clients that connect later
// wait for the next start of the service.
func listenActivated(a config.Address) (net.Listener, error) {
	files := passed()
	var names []string
	var chosen []*os.File
	for _, f := range files {
		names = append(names, f.Name())
		if a.Name == "" || a.Name == f.Name() {
			chosen = append(chosen, f)
		}
	}
	slices.Sort(names)
	fail := func(format string, args ...any) error {
		return fmt.Errorf("--listen %v: %w", a, fmt.Errorf(format, args...))
	}
	switch {
	case len(files) == 0:
		return nil, fail("systemd has passed no socket to this process; want a start by a socket unit, or by systemd-socket-activate")
	case len(chosen) == 0:
		return nil, fail("no socket that systemd has passed has this name; want one of %s, or a FileDescriptorName in the socket unit", strings.Join(names, ", "))
	case len(chosen) > 1 && a.Name == "":
		return nil, fail("systemd has passed %d sockets; want systemd:NAME with one of %s", len(files), strings.Join(slices.Compact(names), ", "))
	case len(chosen) > 1:
		return nil, fail("%d sockets have this name; want another FileDescriptorName for each socket unit, and one address in it", len(chosen))
	}
	defer chosen[0].Close() // the listener has its own descriptor
	if chosen[0].Fd() == ^uintptr(0) {
		return nil, fail("this socket is used already; want another one")
	}
	if listens, err := syscall.GetsockoptInt(int(chosen[0].Fd()), syscall.SOL_SOCKET, syscall.SO_ACCEPTCONN); err != nil || listens == 0 {
		return nil, fail("what systemd has passed is no socket that accepts connections; want ListenStream and Accept=no in the socket unit")
	}
	ln, err := net.FileListener(chosen[0])
	if err != nil {
		return nil, fail("%w", err)
	}
	return ln, nil
}
