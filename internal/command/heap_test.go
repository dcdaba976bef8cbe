package command

import (
	"runtime"
	"runtime/debug"
	"runtime/metrics"
	"strconv"
	"testing"
)

// garbage returns how much may gather before the next collection, in bytes.
func garbage() int {
	runtime.GC()
	s := []metrics.Sample{{Name: "/gc/heap/goal:bytes"}, {Name: "/gc/heap/live:bytes"}}
	metrics.Read(s)
	return int(s[0].Value.Uint64() - s[1].Value.Uint64())
}

// A small heap gathers garbage of heapFloor, and a large one heapGrowth of it more. After
// release it is as before.
func TestLimitGarbage(t *testing.T) {
	t.Setenv("GOGC", "")
	before := garbage()
	release := limitGarbage()
	small := garbage()
	used := make([]byte, 64<<20)
	large := garbage()
	runtime.KeepAlive(used)
	release()
	after := garbage()
	if small < heapFloor || large < small+30<<20 || large > small+34<<20 {
		t.Errorf("garbage of %d bytes with a small heap and %d with 64 MiB more; want at least %d, and half of the 64 MiB more", small, large, heapFloor)
	}
	if after > before+heapFloor/2 {
		t.Errorf("garbage of %d bytes before, %d after release", before, after)
	}
}

// What GOGC says holds: also a small one, by which somebody saves memory.
func TestLimitGarbageByGOGC(t *testing.T) {
	for percent, want := range map[int][2]int{200: {136 << 20, 160 << 20}, 10: {6 << 20, 10 << 20}} {
		t.Setenv("GOGC", strconv.Itoa(percent))
		before := debug.SetGCPercent(percent)
		release := limitGarbage()
		used := make([]byte, 64<<20)
		large := garbage()
		runtime.KeepAlive(used)
		release()
		debug.SetGCPercent(before)
		if large < want[0] || large > want[1] {
			t.Errorf("garbage of %d bytes with 64 MiB and GOGC=%d; want %d to %d", large, percent, want[0], want[1])
		}
	}
}
