package command

import "runtime"

// heapFloor is how much garbage the server lets gather before it is collected,
// however little is in use. The heap of a server is a few megabytes, and collecting
// it whenever it has doubled took a sixth of the time of a small download.
const heapFloor = 8 << 20

// floorHeap keeps the garbage collector from running while there is less garbage
// than heapFloor, until the returned function is called. GOGC still counts. What
// it allocates for that is never touched, so it takes no memory.
func floorHeap() (release func()) {
	unused := make([]byte, heapFloor)
	return func() { runtime.KeepAlive(unused) }
}
