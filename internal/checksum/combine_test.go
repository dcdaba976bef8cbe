package checksum_test

import (
	"hash/crc32"
	"math/rand/v2"
	"testing"

	"github.com/downloadview/downloadview/internal/checksum"
)

// Combine agrees with the CRC-32 of the whole, wherever it is cut.
func TestCombine(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	whole := make([]byte, 5000)
	for i := range whole {
		whole[i] = byte(r.Uint32())
	}
	want := crc32.ChecksumIEEE(whole)
	for _, cut := range []int{0, 1, 2, 255, 256, 4096, 4999, 5000} {
		got := checksum.Combine(crc32.ChecksumIEEE(whole[:cut]), crc32.ChecksumIEEE(whole[cut:]), int64(len(whole)-cut))
		if got != want {
			t.Errorf("cut at %d: %08x, want %08x", cut, got, want)
		}
	}
}
