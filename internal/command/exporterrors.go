package command

import (
	"log/slog"
	"sync"
	"time"
)

// exportErrors logs the errors of exporters, once a minute at most: a collector that is
// down fails every few seconds.
type exportErrors struct {
	logger *slog.Logger
	mu     sync.Mutex
	last   time.Time
}

const exportErrorsPause = time.Minute

// Handle is the method of OpenTelemetry's ErrorHandler.
func (e *exportErrors) Handle(err error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if !e.last.IsZero() && time.Since(e.last) < exportErrorsPause {
		return
	}
	e.last = time.Now()
	e.logger.Warn("spans or metrics are not exported; downloads go on", "error", err)
}
