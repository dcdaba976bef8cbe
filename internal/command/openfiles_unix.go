//go:build unix

package command

import (
	"log/slog"
	"math"
	"syscall"

	"github.com/downloadview/downloadview/internal/config"
)

// warnOfOpenFiles is tellOpenFiles for this process.
func warnOfOpenFiles(c *config.Config, logger *slog.Logger) {
	var l syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &l); err != nil {
		logger.Warn("the limit of open files is not known", "error", err)
		return
	}
	tellOpenFiles(limitOf(l.Cur), limitOf(l.Max), c, logger)
}

// limitOf returns n, or -1 for what systems use as no limit.
func limitOf[T int64 | uint64](n T) int64 {
	if n < 0 || uint64(n) >= math.MaxInt64 {
		return -1
	}
	return int64(n)
}
