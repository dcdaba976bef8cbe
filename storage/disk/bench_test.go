package disk_test

import (
	"path/filepath"
	"testing"

	"github.com/downloadview/downloadview/storage/disk"
)

// BenchmarkOpen compares opening a key with its lower bound: one open and one
// stat through the root.
func BenchmarkOpen(b *testing.B) {
	dir := b.TempDir()
	write(b, filepath.Join(dir, "a", "b", "file"), "content")
	root := openRoot(b, dir)
	s := disk.New(root, nil)

	b.Run("disk", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			f, err := s.File("a/b/file")
			if err != nil {
				b.Fatal(err)
			}
			h, err := f.Open(b.Context())
			if err != nil {
				b.Fatal(err)
			}
			h.Close()
		}
	})
	b.Run("root", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			h, err := root.Open("a/b/file")
			if err != nil {
				b.Fatal(err)
			}
			if _, err := h.Stat(); err != nil {
				b.Fatal(err)
			}
			h.Close()
		}
	})
}
