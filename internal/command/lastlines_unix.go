//go:build unix

package command

import (
	"os"
	"os/signal"
	"slices"
	"syscall"
)

// deadly are the signals that end a Go program that doesn't handle them, without those
// that the server always handles.
var deadly = []os.Signal{syscall.SIGHUP, syscall.SIGQUIT, syscall.SIGABRT}

// flushAtDeath makes sure that b is flushed before a signal of deadly ends the process.
// It leaves ignored signals, and those in handled, alone. Call stop to end this.
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
