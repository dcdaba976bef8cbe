package spool_test

import (
	"fmt"
	"testing"

	"github.com/downloadview/downloadview/spool"
)

// Content is made while the folder has a quota, and much content already. If there is no room
// left, as in a cache that has run for long, each new file takes the place of an old one.
func BenchmarkMakeWithQuota(b *testing.B) {
	const size = 1000
	for _, files := range []int{10, 1_000, 10_000} {
		for name, most := range map[string]int64{"with room": 1 << 30, "full": int64(files) * size} {
			b.Run(fmt.Sprintf("files=%d/%s", files, name), func(b *testing.B) {
				dir := b.TempDir()
				fill(b, dir, files, size)
				s, err := spool.New(dir, &spool.Options{MaxBytes: most})
				if err != nil {
					b.Fatal(err)
				}
				defer s.Close()
				b.ReportAllocs()
				n := 0
				for b.Loop() {
					n++
					warm(b, s, fmt.Sprint("new ", n), size)
				}
			})
		}
	}
}
