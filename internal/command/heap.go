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
// heapGrowth. If GOGC is set, it is GOGC percent of heapFloor and of the memory in use.
// limitGarbage allocates memory that is never touched, so the system doesn't provide it.
func limitGarbage() (release func()) {
	if os.Getenv("GOGC") != "" {
		unused := make([]byte, heapFloor)
		return func() { runtime.KeepAlive(unused) }
	}
	before := debug.SetGCPercent(heapGrowth)
	unused := make([]byte, heapFloor*100/heapGrowth)
	return func() {
		debug.SetGCPercent(before)
		runtime.KeepAlive(unused)
	}
}
