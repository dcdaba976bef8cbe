//go:build unix

package command

import (
	"os"
	"os/signal"
	"slices"
	"syscall"
)

// deadly are the signals that end a Go program which doesn't handle them, but
// for those that the server does.
var deadly = []os.Signal{syscall.SIGHUP, syscall.SIGQUIT, syscall.SIGABRT}

// flushAtDeath has b flushed before a signal ends the process as it does others.
// Those that are ignored, or in handled, are left alone. The function that it
// returns ends that.
func flushAtDeath(b *lineBuffer, handled ...os.Signal) (stop func()) {
	signals := make(chan os.Signal, 1)
	for _, s := range deadly {
		if !signal.Ignored(s) && !slices.Contains(handled, s) {
			signal.Notify(signals, s)
		}
	}
	quit := make(chan struct{})
	go func() {
		select {
		case s := <-signals:
			b.stopWaiting()
			signal.Reset(s)
			syscall.Kill(os.Getpid(), s.(syscall.Signal))
		case <-quit:
		}
	}()
	return func() {
		signal.Stop(signals)
		close(quit)
	}
}
