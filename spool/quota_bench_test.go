package spool_test

import (
	"fmt"
	"testing"

	"github.com/downloadview/downloadview/spool"
)

// Content is made while the folder has a quota, and much content already: all its files are
// counted each time.
func BenchmarkMakeWithQuota(b *testing.B) {
	for _, files := range []int{10, 1_000, 10_000} {
		b.Run(fmt.Sprintf("files=%d", files), func(b *testing.B) {
			dir := b.TempDir()
			p := making([]byte("content"))
			keep := func(s *spool.Spool, key string) {
				if err := s.Warm(b.Context(), spool.ID{Key: key}, p.file(nil)); err != nil {
					b.Fatal(err)
				}
			}
			full, err := spool.New(dir, nil)
			if err != nil {
				b.Fatal(err)
			}
			for i := range files {
				keep(full, fmt.Sprint("old ", i))
			}
			if err := full.Close(); err != nil {
				b.Fatal(err)
			}
			s, err := spool.New(dir, &spool.Options{MaxBytes: 1 << 30})
			if err != nil {
				b.Fatal(err)
			}
			defer s.Close()
			b.ReportAllocs()
			n := 0
			for b.Loop() {
				n++
				keep(s, fmt.Sprint("new ", n))
			}
		})
	}
}
