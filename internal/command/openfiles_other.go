//go:build !unix

package command

import (
	"log/slog"

	"github.com/downloadview/downloadview/internal/config"
)

// warnOfOpenFiles does nothing, since this system has no such limit.
func warnOfOpenFiles(*config.Config, *slog.Logger) {}
