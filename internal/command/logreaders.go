package command

import (
	"os/signal"
	"syscall"
)

// outliveReaders makes sure that a program that runs for long goes on if the one that
// reads its log ends. By default, the next line would end both, and all downloads.
func outliveReaders() { signal.Ignore(syscall.SIGPIPE) }
