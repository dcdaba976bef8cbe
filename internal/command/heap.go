package command

import "runtime"

// heapFloor is how much garbage may gather before a collection, in bytes, even if less
// memory is in use. The heap of a server is a few megabytes; collecting each time that
// it had doubled took a sixth of the time of a small download.
const heapFloor = 8 << 20

// floorHeap keeps the garbage collector from running while there is less garbage than
// heapFloor, until release is called. GOGC still has its effect. floorHeap allocates
// memory that is never touched, so the system doesn't provide it.
func floorHeap() (release func()) {
	unused := make([]byte, heapFloor)
	return func() { runtime.KeepAlive(unused) }
}
