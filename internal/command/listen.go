package command

import (
	"errors"
	"fmt"
	"net"
	"strconv"
	"strings"
)

// An address is where to listen.
type address struct {
	network string // "tcp" or "unix"
	name    string // HOST:PORT, or the path of the socket
}

// parseAddress reads HOST:PORT or unix:PATH.
func parseAddress(s string) (address, error) {
	const want = "want HOST:PORT such as 127.0.0.1:8080, or unix:PATH"
	if path, ok := strings.CutPrefix(s, "unix:"); ok {
		if path == "" {
			return address{}, usageErrorf("--listen %q has no path; %s", s, want)
		}
		return address{"unix", path}, nil
	}
	_, port, err := net.SplitHostPort(s)
	if err != nil {
		return address{}, usageErrorf("--listen %q; %s", s, want)
	}
	if _, err := strconv.ParseUint(port, 10, 16); err != nil {
		return address{}, usageErrorf("--listen %q has the port %q, which is no number from 0 to 65535; %s", s, port, want)
	}
	return address{"tcp", s}, nil
}

func (a address) listen() (net.Listener, error) {
	if a.network == "unix" {
		return listenUnix(a.name)
	}
	ln, err := net.Listen(a.network, a.name)
	if err != nil {
		return nil, fmt.Errorf("--listen %s: %w; name a free address of this machine", a.name, listenCause(err))
	}
	return ln, nil
}

// url is what ln answers to: the real port, and for a socket the form that
// nginx's proxy_pass takes.
func (a address) url(ln net.Listener) string {
	if a.network == "unix" {
		return "http://unix:" + a.name
	}
	return "http://" + ln.Addr().String()
}

// listenCause leaves out the address, which the message has already.
func listenCause(err error) error {
	var op *net.OpError
	if errors.As(err, &op) {
		return op.Err
	}
	return err
}
