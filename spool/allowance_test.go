package spool_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/downloadview/downloadview"
	"github.com/downloadview/downloadview/spool"
)

const many = 600 // files, which aren't counted each time

// fill makes a folder with n files of size bytes.
func fill(t testing.TB, dir string, n, size int) {
	t.Helper()
	s, err := spool.New(dir, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	var all sync.WaitGroup
	for i := range 16 {
		all.Go(func() {
			for j := i; j < n; j += 16 {
				warm(t, s, fmt.Sprint("old ", j), size)
			}
		})
	}
	all.Wait()
}

func warm(t testing.TB, s *spool.Spool, key string, size int) {
	t.Helper()
	p := making(make([]byte, size))
	if err := s.Warm(t.Context(), spool.ID{Key: key}, p.file(&downloadview.Attributes{Size: int64(size)})); err != nil {
		t.Errorf("%s: %v", key, err)
	}
}

// rooms returns the sizes of the rooms that are held for parts and for processes.
func rooms(t testing.TB, dir string) (sizes []int64) {
	t.Helper()
	for _, name := range left(t, dir, "parts") {
		if fi, err := os.Stat(filepath.Join(dir, name)); err == nil && strings.HasSuffix(name, ".room") {
			sizes = append(sizes, fi.Size())
		}
	}
	return sizes
}

// A process holds room for what it makes next, so that it need not count many files each
// time. What a part doesn't need of its room goes back.
func TestAllowance(t *testing.T) {
	const most = 256 << 20
	dir := t.TempDir()
	fill(t, dir, many, 1000)
	s, _ := newSpool(t, dir, &spool.Options{MaxBytes: most})
	failing := errors.New("failing")
	for _, step := range []struct {
		name string
		make func() error
		want int64
	}{
		{"all is counted", func() error { warm(t, s, "a", 1000); return nil }, most / 128},
		{"of a known size", func() error { warm(t, s, "b", 1000); return nil }, most/128 - 1000},
		{"of no known size", func() error {
			return s.Warm(t.Context(), spool.ID{Key: "c"}, making(content(5000)).file(nil))
		}, most/128 - 6000},
		{"larger than the allowance", func() error { warm(t, s, "d", 3<<20); return nil }, most / 128},
		{"that fails half way", func() error {
			p := &producer{make: func(_ context.Context, w io.Writer) error {
				w.Write(content(5000))
				return failing
			}}
			if err := s.Warm(t.Context(), spool.ID{Key: "e"}, p.file(nil)); !errors.Is(err, failing) {
				return fmt.Errorf("%v, want that it fails", err)
			}
			return nil
		}, most/128 - 5000},
		{"that fails half way, and is larger than the allowance", func() error {
			p := &producer{make: func(_ context.Context, w io.Writer) error {
				w.Write(content(5000))
				return failing
			}}
			a := &downloadview.Attributes{Size: 3 << 20}
			if err := s.Warm(t.Context(), spool.ID{Key: "g"}, p.file(a)); !errors.Is(err, failing) {
				return fmt.Errorf("%v, want that it fails", err)
			}
			return nil
		}, most / 128},
		{"of no bytes", func() error { warm(t, s, "f", 0); return nil }, most / 128},
	} {
		if err := step.make(); err != nil {
			t.Errorf("%s: %v", step.name, err)
		}
		if got := rooms(t, dir); !slices.Equal(got, []int64{step.want}) {
			t.Errorf("after content %s, rooms of %d bytes are held, want %d", step.name, got, step.want)
		}
	}
	s.Close()
	wantNothing(t, dir, "parts", "locks")
}

// Several processes fill a folder of many files. It never has more than MaxBytes, and what
// was not used for the longest time goes first.
func TestQuotaOfManyFiles(t *testing.T) {
	const most = many * 1000
	dir := t.TempDir()
	fill(t, dir, many, 1000)
	first := time.Now().Add(-time.Hour)
	for _, name := range left(t, dir, "records") {
		b, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		_, key, _ := strings.Cut(string(b), `"Key":"old `)
		n := 0
		fmt.Sscan(key, &n)
		last := first.Add(time.Duration(n) * time.Second)
		if err := os.Chtimes(filepath.Join(dir, name), last, last); err != nil {
			t.Fatal(err)
		}
	}
	a, seenByA := newSpool(t, dir, &spool.Options{MaxBytes: most})
	b, seenByB := newSpool(t, dir, &spool.Options{MaxBytes: most})
	for i := range 40 {
		var both sync.WaitGroup
		for _, s := range []*spool.Spool{a, b} {
			both.Go(func() { warm(t, s, fmt.Sprintf("new %p %d", s, i), 1000) })
		}
		both.Wait()
		n, held := size(t, dir), rooms(t, dir)
		for _, b := range held {
			n += b
		}
		if n > most {
			t.Errorf("%d bytes after round %d, with what is held, want %d at most", n, i, most)
		}
		if i == 0 && !slices.Equal(held, []int64{most / 128, most / 128}) {
			t.Errorf("after the first round, rooms of %d bytes are held, want %d for each process", held, most/128)
		}
	}
	gone := 0
	for i := range many {
		if _, ok := a.SHA256(spool.ID{Key: fmt.Sprint("old ", i)}); !ok && i != gone {
			t.Errorf("file %d is gone, but not file %d, which was used before it", i, gone)
		} else if !ok {
			gone++
		}
	}
	if evicted := seenByA.count(spool.Evicted) + seenByB.count(spool.Evicted); gone != evicted || gone < 80 || gone > 80+2*(most/128/1000+1) {
		t.Errorf("%d files are gone, and %d events tell of one; want 80, and what two processes hold", gone, evicted)
	}
}

// Nothing that could stay is removed for the sake of the allowance, if it can't have all it
// wants.
func TestAllowanceOfLittle(t *testing.T) {
	const most = many*1000 + 500
	dir := t.TempDir()
	fill(t, dir, many, 1000)
	soon := time.Now().Add(time.Minute) // a proxy is sending them
	for _, name := range left(t, dir, "records")[2:] {
		if err := os.Chtimes(filepath.Join(dir, name), soon, soon); err != nil {
			t.Fatal(err)
		}
	}
	s, seen := newSpool(t, dir, &spool.Options{MaxBytes: most})
	warm(t, s, "new", 1000)
	if n, held := seen.count(spool.Evicted), rooms(t, dir); n != 1 || !slices.Equal(held, []int64{500}) {
		t.Errorf("%d evicted, and rooms of %d bytes are held, want 1, and the 500 bytes that are left", n, held)
	}
	if n := size(t, dir); n != most-500 {
		t.Errorf("%d bytes, want %d", n, most-500)
	}
	warm(t, s, "larger", 1400) // its own allowance is room for it, too
	if n, held := seen.count(spool.Evicted), rooms(t, dir); n != 2 || !slices.Equal(held, []int64{100}) {
		t.Errorf("then %d are evicted, and rooms of %d bytes are held, want 2, and 100 bytes", n, held)
	}
}

// Content that is too old goes when other content is made, a bit later if there are many
// files.
func TestAgeOfManyFiles(t *testing.T) {
	dir := t.TempDir()
	fill(t, dir, many, 10)
	s, seen := newSpool(t, dir, &spool.Options{MaxAge: 30 * time.Minute, MaxBytes: 1 << 30})
	warm(t, s, "first", 10)
	names := left(t, dir, "files")[:3]
	old := time.Now().Add(-time.Hour)
	for _, name := range names {
		if err := os.Chtimes(filepath.Join(dir, name), old, old); err != nil {
			t.Fatal(err)
		}
	}
	warm(t, s, "second", 10)
	if n := seen.count(spool.Expired); n != 0 {
		t.Errorf("%d expired, want that not all files are looked at each time", n)
	}
	s.Close()
	s, seen = newSpool(t, dir, &spool.Options{MaxAge: 30 * time.Minute})
	warm(t, s, "third", 10)
	if n := seen.count(spool.Expired); n != 3 {
		t.Errorf("%d expired, want 3", n)
	}
	s.Close()

	// Counted again after 200 ms.
	s, _ = newSpool(t, dir, &spool.Options{MaxAge: 128 * 200 * time.Millisecond})
	warm(t, s, "fourth", 10)
	last := filepath.Join(dir, left(t, dir, "files")[0])
	if err := os.Chtimes(last, old, old); err != nil {
		t.Fatal(err)
	}
	for i := 0; ; i++ {
		if _, err := os.Stat(last); errors.Is(err, fs.ErrNotExist) {
			break
		}
		if t.Context().Err() != nil || i > 10_000 {
			t.Fatal("content that is too old stays")
		}
		warm(t, s, fmt.Sprint("then ", i), 10)
	}
}
