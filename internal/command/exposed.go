package command

import (
	"net"
	"slices"

	"github.com/downloadview/downloadview/internal/config"
)

// unlimited returns the flag, or the key of the file, that is to say whose
// requests are handed over; "" where that is said, or nothing is handed over.
func (s *serve) unlimited(c *config.Config) string {
	if s.Accel != "" && len(s.AccelFrom) == 0 {
		return "--accel-from"
	}
	for _, p := range c.Proxies {
		hasRule := slices.ContainsFunc(c.Rules, func(r config.Rule) bool { return r.Proxy == p.Name })
		if len(p.From) == 0 && hasRule {
			return "proxies." + p.Name + ".from"
		}
	}
	return ""
}

// isExposed tells whether others than this machine can connect.
func isExposed(a net.Addr) bool {
	tcp, ok := a.(*net.TCPAddr)
	return ok && !tcp.IP.IsLoopback()
}
