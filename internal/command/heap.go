package command

import (
	"os"
	"runtime"
	"runtime/debug"
)

const (
	// heapFloor is how much garbage may gather before a collection, in bytes, even if less
	// memory is in use. The heap of a server is a few megabytes; collecting each time that
	// it had doubled took a sixth of the time of a small download.
	heapFloor = 8 << 20
	// heapGrowth is how much garbage may gather beside that, in percent of the memory in
	// use. Most of a large heap are downloads that wait, which make no garbage, so half of
	// Go's default collects no more often than it is worth.
	heapGrowth = 50
)

// limitGarbage sets how much garbage gathers, until release is called: heapFloor and
// heapGrowth, or what GOGC says in place of heapGrowth. It allocates memory that is never
// touched, so the system doesn't provide it.
func limitGarbage() (release func()) {
	before := debug.SetGCPercent(heapGrowth)
	percent := heapGrowth
	if os.Getenv("GOGC") != "" {
		percent = before
		debug.SetGCPercent(percent)
	}
	var unused []byte
	if percent > 0 {
		unused = make([]byte, heapFloor*100/percent)
	}
	return func() {
		debug.SetGCPercent(before)
		runtime.KeepAlive(unused)
	}
}
