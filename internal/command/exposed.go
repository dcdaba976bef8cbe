package command

import (
	"log/slog"
	"net"
	"slices"

	"github.com/downloadview/downloadview/internal/config"
)

// warnExposed logs that files are handed over to whoever connects to the server, which listens
// at an address that other machines reach.
func (s *serve) warnExposed(c *config.Config, at net.Addr, logger *slog.Logger) {
	if flag := s.unlimited(c); flag != "" && isExposed(at) {
		logger.Warn("clients that connect to this address directly get empty files and see internal locations; set "+flag+" to the proxy's address", "listen", c.Listen)
	}
}

// unlimited returns the flag, or the key of the file, that should limit the requests
// that are handed over to the proxy's, but isn't set. It returns "" if it is set, or if
// nothing is handed over.
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

// isExposed reports whether other machines can connect to a.
func isExposed(a net.Addr) bool {
	tcp, ok := a.(*net.TCPAddr)
	return ok && !tcp.IP.IsLoopback()
}
