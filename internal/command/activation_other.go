//go:build !unix

package command

import (
	"net"

	"github.com/downloadview/downloadview/internal/config"
)

func listenActivated(a config.Address) (net.Listener, error) {
	return nil, usageErrorf("--listen %v: this system has no systemd; want HOST:PORT, or unix:PATH", a)
}
