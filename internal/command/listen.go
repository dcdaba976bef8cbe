package command

import (
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net"
	"os"
	"strconv"

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
	switch a.Network {
	case "unix":
		return listenUnix(a)
	case "systemd":
		return listenActivated(a)
	}
	ln, err := net.Listen(a.Network, a.Name)
	if errors.Is(err, fs.ErrPermission) { // the address may well be free
		return nil, fmt.Errorf("--listen %s: %w; want a port from 1024 on, the capability CAP_NET_BIND_SERVICE, or systemd for a socket that systemd passes", a.Name, listenCause(err))
	}
	if err != nil {
		return nil, fmt.Errorf("--listen %s: %w; want a free address of this machine", a.Name, listenCause(err))
	}
	return ln, nil
}

// warnOfUnused logs that systemd has passed sockets that a doesn't use.
func warnOfUnused(a config.Address, logger *slog.Logger) {
	n, err := strconv.Atoi(os.Getenv("LISTEN_FDS"))
	if a.Network != "systemd" && err == nil && n > 0 && os.Getenv("LISTEN_PID") == strconv.Itoa(os.Getpid()) {
		logger.Warn("systemd has passed sockets, which are not used, so their clients get no answer; set --listen systemd", "listen", a.String(), "sockets", n)
	}
}

// urlOf returns the URL of ln: with its real port or, for a socket, in the form of
// nginx's proxy_pass.
func urlOf(scheme string, a config.Address, ln net.Listener) string {
	switch {
	case a.Network == "unix":
		return scheme + "://" + a.String()
	case ln.Addr().Network() == "unix":
		return scheme + "://unix:" + ln.Addr().String()
	}
	return scheme + "://" + ln.Addr().String()
}

// schemeOf returns the scheme of the URLs of a server with these settings.
func schemeOf(c *config.Config) string {
	if c.TLS.Cert != "" {
		return "https"
	}
	return "http"
}

// listenCause returns err without the address, which the message names already.
func listenCause(err error) error {
	var op *net.OpError
	if errors.As(err, &op) {
		return op.Err
	}
	return err
}
