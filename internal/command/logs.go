package command

import (
	"io"
	"log/slog"
	"os"

	"github.com/downloadview/downloadview/internal/config"
)

// logFlags are the flags for the log.
type logFlags struct {
	Log            string   `placeholder:"FORMAT" group:"Log:" help:"The format of the log on stderr: text (key=value), json, or off (no log). Default: text."`
	LogLevel       string   `placeholder:"LEVEL" group:"Log:" help:"The lowest level that is logged: debug, info (which has one line for each request), warn or error. Default: info."`
	TrustedProxies []string `placeholder:"CIDR" group:"Log:" help:"Proxies whose X-Forwarded-For or Forwarded is used for the client's address, in the log, for links limited to a network, and for the limits of a client: addresses, ranges such as 10.0.0.0/8, and \"unix\" for the socket, separated by commas. Repeatable. Default: none; the client's address is that of the connection."`
	ProxyProtocol  bool     `group:"Log:" help:"Read the client's address from the PROXY protocol (version 1 or 2), with which the trusted proxies must then begin each connection. Needs --trusted-proxies. Default: connections begin with HTTP."`
}

// apply sets the values of the flags in c, where they win over the file.
func (f *logFlags) apply(c *config.Config) error {
	if f.Log != "" {
		if _, err := config.ParseLogFormat(f.Log); err != nil {
			return usageErrorf("--log: %q %w", f.Log, err)
		}
		c.Log = f.Log
	}
	if f.LogLevel != "" {
		if _, err := config.ParseLogLevel(f.LogLevel); err != nil {
			return usageErrorf("--log-level: %q %w", f.LogLevel, err)
		}
		if f.Log == "off" {
			return usageErrorf("--log-level %s has no effect with --log off; remove one of them", f.LogLevel)
		}
		c.LogLevel = f.LogLevel
	}
	if len(f.TrustedProxies) > 0 {
		c.TrustedProxies = f.TrustedProxies
	}
	if f.ProxyProtocol {
		c.ProxyProtocol, c.ProxyProtocolLine = true, 0
	}
	_, err := parseTrusted(c.TrustedProxies)
	return err
}

// logs is the log of a server.
type logs struct {
	logger *slog.Logger // writes its lines at once
	access *accessLog
	lines  *lineBuffer
}

// openLogs returns a log to w with the format and the level of c.
func openLogs(c *config.Config, w io.Writer) (*logs, error) {
	peers, err := parseTrusted(c.TrustedProxies)
	if err != nil {
		return nil, err
	}
	if len(c.TrustedProxies) == 0 {
		peers = nil // the address of the connection is taken as it is, which is faster
	}
	level := logLevels[c.LogLevel]
	l := &logs{lines: newLineBuffer(w)}
	noLines := func(accessLine) {}
	switch c.Log {
	case "off":
		l.logger = slog.New(slog.DiscardHandler)
		l.access = &accessLog{logger: l.logger, lines: noLines}
		return l, nil
	case "json":
		l.logger = slog.New(slog.NewJSONHandler(escapedLines{l.lines}, &slog.HandlerOptions{Level: level, ReplaceAttr: hideSecrets}))
		l.access = &accessLog{logger: l.logger, lines: jsonLines(l.lines), peers: peers}
	default:
		l.logger = slog.New(slog.NewTextHandler(l.lines, &slog.HandlerOptions{Level: level, ReplaceAttr: hideSecrets}))
		l.access = &accessLog{logger: l.logger, lines: textLines(l.lines), peers: peers}
	}
	if level > slog.LevelInfo {
		l.access.lines = noLines
	}
	return l, nil
}

var logLevels = map[string]slog.Level{
	"":      slog.LevelInfo,
	"debug": slog.LevelDebug,
	"info":  slog.LevelInfo,
	"warn":  slog.LevelWarn,
	"error": slog.LevelError,
}

// guard makes sure that waiting lines are written before a signal ends the process,
// except for the signals that are handled. The server calls end when it stops.
func (l *logs) guard(handled ...os.Signal) (end func()) {
	stop := flushAtDeath(l.lines, handled...)
	return func() {
		stop()
		l.lines.stopWaiting()
	}
}
