package archive_test

import (
	"fmt"
	"io/fs"
	"math"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/downloadview/downloadview"
	"github.com/downloadview/downloadview/archive"
)

const manyMembers = 100_000

// many yields entries with metadata, as those of a listing. Their files are as large
// as those of a storage.
func many(yield func(archive.Entry, error) bool) {
	for i := range manyMembers {
		key := fmt.Sprintf("folder/%03d/a name of usual length %06d.jpg", i/1000, i)
		attributes := &downloadview.Attributes{Size: 1000, ModTime: date, ETag: fmt.Sprintf("\"%032d\"", i)}
		if !yield(archive.Entry{File: &listed{key: key}, Attributes: attributes}, nil) {
			return
		}
	}
}

type listed struct {
	downloadview.File
	key string
}

func (f *listed) Name() string { return f.key }

func live() int64 {
	runtime.GC()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}

// An open archive of many members needs a few hundred bytes for each. Its size is
// known before any file is opened: opening one of these would panic.
func TestMemoryForManyMembers(t *testing.T) {
	before := live()
	h, err := archive.Zip("a.zip", many, nil).Open(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer h.Close()
	fi, err := h.Stat()
	if err != nil {
		t.Fatal(err)
	}
	wantSize(t, fi)
	each := (live() - before) / manyMembers
	t.Logf("%d bytes for each member", each)
	if each > 500 {
		t.Errorf("%d bytes for each member, want at most 500", each)
	}
	runtime.KeepAlive(h)
}

func wantSize(t *testing.T, fi fs.FileInfo) {
	t.Helper()
	const (
		name   = 44
		head   = 30 + name + 9
		member = head + 1000 + 5 + 16
		record = 46 + name + 9
		end    = 56 + 20 + 22
	)
	if want := int64(manyMembers*(member+record) + end); fi.Size() != want {
		t.Errorf("%d bytes, want %d", fi.Size(), want)
	}
}

// BenchmarkIndex makes the index of 100,000 members.
func BenchmarkIndex(b *testing.B) {
	zip := archive.Zip("a.zip", many, nil)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := downloadview.Stat(b.Context(), zip); err != nil {
			b.Fatal(err)
		}
	}
}

// Members of one name cost about as much as others, because users may name what they
// upload. If the cost grew by the square of their number, it would be hundreds of times as much.
func TestManyMembersOfOneName(t *testing.T) {
	const n = 50_000
	attributes := &downloadview.Attributes{Size: 1000, ModTime: date, ETag: `"1"`}
	look := func(nameOf func(i int) string) time.Duration {
		entries := func(yield func(archive.Entry, error) bool) {
			for i := range n {
				if !yield(archive.Entry{Name: nameOf(i), File: &listed{key: "image.jpg"}, Attributes: attributes}, nil) {
					return
				}
			}
		}
		began := time.Now()
		if _, err := downloadview.Stat(t.Context(), archive.Zip("a.zip", entries, nil)); err != nil {
			t.Fatal(err)
		}
		return time.Since(began)
	}
	others := look(func(i int) string { return fmt.Sprintf("image (%d).jpg", i) })
	if same := look(func(int) string { return "image.jpg" }); same > 50*others {
		t.Errorf("%v for %d members of one name, %v for as many of different names", same, n, others)
	}
}

// A name of many elements costs little more than its bytes.
func TestDeepName(t *testing.T) {
	const depth = 32_000
	for _, rule := range []archive.NameRule{archive.AnyName, archive.WindowsName} {
		deep := archive.Entry{Name: strings.Repeat("A/", depth) + "x", File: file("x", nil)}
		zip := archive.Zip("a.zip", archive.Of(archive.Entry{Name: "A", File: file("x", nil)}, deep), &archive.Options{Names: rule})
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		fi, err := downloadview.Stat(t.Context(), zip)
		runtime.ReadMemStats(&after)
		if err != nil {
			t.Fatal(err)
		}
		// The file at the top gives the folder a number.
		const names = 2 * (1 + len(" (2)") + 2*depth + 1)
		if want := int64(names + 2*(30+46+9+9+5+16) + 22); fi.Size() != want {
			t.Errorf("%d bytes, want %d", fi.Size(), want)
		}
		if mib := (after.TotalAlloc - before.TotalAlloc) >> 20; mib > 100 {
			t.Errorf("%d MiB for a name of %d bytes", mib, len(deep.Name))
		}
	}
}

// Sizes that add up to more than a number has room for are an error: those of sparse
// files may, and a store may say anything.
func TestSizesAddUp(t *testing.T) {
	for _, sizes := range [][]int64{{math.MaxInt64}, {math.MaxInt64, math.MaxInt64}, {1 << 61, 1 << 61, 1}, {1 << 62, 1 << 62, 1 << 62, 1 << 62}} {
		var entries []archive.Entry
		for i, size := range sizes {
			entries = append(entries, archive.Entry{
				Name: fmt.Sprint(i), File: file("x", nil), Attributes: &downloadview.Attributes{Size: size, ModTime: date, ETag: `"1"`},
			})
		}
		for _, f := range []downloadview.File{archive.Zip("a.zip", archive.Of(entries...), nil), archive.Tar("a.tar", archive.Of(entries...), nil)} {
			if fi, err := downloadview.Stat(t.Context(), f); err == nil {
				t.Errorf("%s of %d: size %d, want an error", f.Name(), sizes, fi.Size())
			}
		}
	}
}
