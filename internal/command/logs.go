package command

import (
	"io"
	"log/slog"
	"os"

	"github.com/downloadview/downloadview/internal/config"
)

// logFlags are the flags about the log.
type logFlags struct {
	Log            string   `placeholder:"FORMAT" group:"Log:" help:"How the log on stderr is written: text (as key=value), json, or off (not at all). Default: text."`
	LogLevel       string   `placeholder:"LEVEL" group:"Log:" help:"Which lines the log has: debug, info (one for each request, too), warn or error, each with those after it. Default: info."`
	TrustedProxies []string `placeholder:"CIDR" group:"Log:" help:"Proxies whose X-Forwarded-For or Forwarded tells the log where a request comes from: addresses, ranges such as 10.0.0.0/8, and \"unix\" for the socket, with commas between. Repeatable. Default: none, the log has the address of the connection."`
}

// apply puts what the flags say in place of what the file does.
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
			return usageErrorf("--log-level %s says nothing with --log off; want one of them", f.LogLevel)
		}
		c.LogLevel = f.LogLevel
	}
	if len(f.TrustedProxies) > 0 {
		c.TrustedProxies = f.TrustedProxies
	}
	_, err := parseTrusted(c.TrustedProxies)
	return err
}

// logs are the log of a server.
type logs struct {
	logger *slog.Logger // its lines are written at once
	access *accessLog
	lines  *lineBuffer
}

// openLogs returns the log that c asks for, written to w.
func openLogs(c *config.Config, w io.Writer) (*logs, error) {
	peers, err := parseTrusted(c.TrustedProxies)
	if err != nil {
		return nil, err
	}
	level := logLevels[c.LogLevel]
	l := &logs{lines: newLineBuffer(w)}
	noLines := func(*accessLine) {}
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

// guard has the lines that wait written before a signal ends the process, but
// for those that are handled, and returns what does so at the end of the server.
func (l *logs) guard(handled ...os.Signal) (end func()) {
	stop := flushAtDeath(l.lines, handled...)
	return func() {
		stop()
		l.lines.stopWaiting()
	}
}
