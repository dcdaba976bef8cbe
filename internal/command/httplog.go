package command

import (
	"log"
	"log/slog"
	"strings"
)

// httpLog returns the log for errors of package net/http. Any stranger can let a handshake
// of TLS fail, so these lines are no warnings.
func httpLog(logger *slog.Logger) *log.Logger { return log.New(httpLines{logger}, "", 0) }

type httpLines struct{ logger *slog.Logger }

func (l httpLines) Write(line []byte) (int, error) {
	message := strings.TrimSuffix(string(line), "\n")
	if strings.HasPrefix(message, "http: TLS handshake error") {
		l.logger.Info(message)
	} else {
		l.logger.Warn(message)
	}
	return len(line), nil
}
