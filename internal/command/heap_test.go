package command

import (
	"runtime"
	"runtime/metrics"
	"testing"
)

// The next collection waits until there is as much garbage as heapFloor. After release
// it doesn't.
func TestFloorHeap(t *testing.T) {
	goal := func() uint64 {
		runtime.GC()
		s := []metrics.Sample{{Name: "/gc/heap/goal:bytes"}}
		metrics.Read(s)
		return s[0].Value.Uint64()
	}
	before := goal()
	release := floorHeap()
	during := goal()
	release()
	if after := goal(); during < before+heapFloor || after >= before+heapFloor {
		t.Errorf("heap goals %d, %d and %d; want the middle one greater by %d", before, during, after, heapFloor)
	}
}
