package command

import (
	"errors"
	"fmt"
	"net"

	"github.com/downloadview/downloadview/internal/config"
)

// parseAddress reads the value of --listen.
func parseAddress(s string) (config.Address, error) {
	a, err := config.ParseAddress(s)
	if err != nil {
		return a, usageErrorf("--listen %q %w", s, err)
	}
	return a, nil
}

func listenAt(a config.Address) (net.Listener, error) {
	if a.Network == "unix" {
		return listenUnix(a)
	}
	ln, err := net.Listen(a.Network, a.Name)
	if err != nil {
		return nil, fmt.Errorf("--listen %s: %w; want a free address of this machine", a.Name, listenCause(err))
	}
	return ln, nil
}

// urlOf returns the URL of ln: with its real port or, for a socket, in the form of
// nginx's proxy_pass.
func urlOf(a config.Address, ln net.Listener) string {
	if a.Network == "unix" {
		return "http://" + a.String()
	}
	return "http://" + ln.Addr().String()
}

// listenCause returns err without the address, which the message names already.
func listenCause(err error) error {
	var op *net.OpError
	if errors.As(err, &op) {
		return op.Err
	}
	return err
}
