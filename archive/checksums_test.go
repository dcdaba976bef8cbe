package archive_test

import (
	"bytes"
	"context"
	"hash/crc32"
	"io"
	"io/fs"
	"sync/atomic"
	"testing"

	"github.com/downloadview/downloadview"
	"github.com/downloadview/downloadview/archive"
)

// counted counts the bytes that are read of it, and has an identity.
type counted struct {
	downloadview.File
	id   string
	read *atomic.Int64
}

func (f counted) Identity() (string, bool) { return f.id, true }

func (f counted) Stat(ctx context.Context) (fs.FileInfo, error) {
	return downloadview.Stat(ctx, f.File)
}

func (f counted) Open(ctx context.Context) (fs.File, error) {
	h, err := f.File.Open(ctx)
	return countedHandle{h, f.read}, err
}

type countedHandle struct {
	fs.File
	read *atomic.Int64
}

func (h countedHandle) Read(p []byte) (int, error) {
	n, err := h.File.Read(p)
	h.read.Add(int64(n))
	return n, err
}

func (h countedHandle) Seek(offset int64, whence int) (int64, error) {
	return h.File.(io.Seeker).Seek(offset, whence)
}

// A download that is resumed reads again only what is not remembered, and little of
// that, if the archives share a Memory.
func TestResumeReadsLittle(t *testing.T) {
	const mib = 1 << 20
	first, second := noise(3*mib), noise(5*mib+1)
	for _, tt := range []struct {
		name   string
		memory archive.Checksums
		most   int // bytes read by the second request
	}{
		{"nothing remembered", nil, len(first) + len(second)},
		{"remembered", archive.NewMemory(0), 5*mib + 1 - 3*mib + 2*mib},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var n atomic.Int64
			zip := func() downloadview.File { // another one for each request
				return archive.Zip("a.zip", archive.Of(
					archive.Entry{Name: "1", File: counted{file("1", first), "1", &n}},
					archive.Entry{Name: "2", File: counted{file("2", second), "2", &n}},
				), &archive.Options{Resume: tt.memory})
			}
			want := read(t, archive.Zip("a.zip", archive.Of(
				archive.Entry{Name: "1", File: file("1", first)}, archive.Entry{Name: "2", File: file("2", second)},
			), nil))
			const half = 6*mib + 12345 // in the second member
			h, err := zip().Open(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			begun := make([]byte, half)
			_, err = io.ReadFull(h, begun)
			if h.Close(); err != nil {
				t.Fatal(err)
			}

			n.Store(0)
			h, err = downloadview.OpenRange(t.Context(), zip(), half, -1)
			if err != nil {
				t.Fatal(err)
			}
			defer h.Close()
			rest, err := io.ReadAll(h)
			if err != nil || !bytes.Equal(append(begun, rest...), want) {
				t.Errorf("%d bytes resumed, %v; they don't make the whole", len(rest), err)
			}
			if got := int(n.Load()); got > tt.most {
				t.Errorf("%d bytes were read, want at most %d", got, tt.most)
			} else if tt.memory == nil && got != tt.most {
				t.Errorf("%d bytes were read, want %d", got, tt.most)
			}
		})
	}
}

func TestMemory(t *testing.T) {
	const mib = 1 << 20
	ctx := t.Context()
	m := archive.NewMemory(4)
	v := archive.Version{ID: "a", Tag: `"1"`, Size: 3*mib + 7}
	if b, ok := m.Load(ctx, v, v.Size); ok {
		t.Errorf("%+v of nothing", b)
	}
	m.Save(ctx, v, archive.Beginning{Length: 2 * mib, CRC32: 2})
	m.Save(ctx, v, archive.Beginning{Length: mib, CRC32: 1})
	m.Save(ctx, v, archive.Beginning{Length: mib + 5, CRC32: 15}) // too near
	m.Save(ctx, v, archive.Beginning{Length: v.Size, CRC32: 9})
	for length, want := range map[int64]uint32{mib: 1, 2*mib - 1: 1, 2 * mib: 2, v.Size - 1: 2, v.Size: 9, mib - 1: 0} {
		b, ok := m.Load(ctx, v, length)
		if b.CRC32 != want || ok != (want != 0) || b.Length > length {
			t.Errorf("of %d bytes: %+v %v, want %d", length, b, ok, want)
		}
	}
	if b, ok := m.Load(ctx, archive.Version{ID: "a", Tag: `"2"`, Size: v.Size}, v.Size); ok {
		t.Errorf("%+v of another version", b)
	}
	other := archive.Version{ID: "b", Tag: `"1"`, Size: 5}
	m.Save(ctx, other, archive.Beginning{Length: 5, CRC32: 5})
	m.Save(ctx, archive.Version{ID: "c", Tag: `"1"`, Size: 5}, archive.Beginning{Length: 5, CRC32: 6})
	if _, ok := m.Load(ctx, v, v.Size); ok {
		t.Error("the file that was not used for the longest time is still there")
	}
	if _, ok := m.Load(ctx, other, 5); !ok {
		t.Error("another one is forgotten")
	}
}

// One file doesn't take more than there is.
func TestMemoryOfOneFile(t *testing.T) {
	m := archive.NewMemory(3)
	v := archive.Version{ID: "a", Tag: `"1"`, Size: 100 << 20}
	for i := int64(1); i <= 5; i++ {
		m.Save(t.Context(), v, archive.Beginning{Length: i << 20, CRC32: uint32(i)})
	}
	if b, _ := m.Load(t.Context(), v, v.Size); b.Length != 3<<20 {
		t.Errorf("%+v, want the third beginning", b)
	}
	m.Save(t.Context(), v, archive.Beginning{Length: v.Size, CRC32: 9})
	if b, _ := m.Load(t.Context(), v, v.Size); b.CRC32 != 9 {
		t.Errorf("%+v, want the whole file", b)
	}
}

// The zero Memory is ready to use, and has the usual room.
func TestZeroMemory(t *testing.T) {
	var m archive.Memory
	v := archive.Version{ID: "a", Tag: `"1"`, Size: 100 << 20}
	for i := int64(1); i <= 100; i++ {
		m.Save(t.Context(), v, archive.Beginning{Length: i << 20, CRC32: uint32(i)})
	}
	if b, ok := m.Load(t.Context(), v, v.Size); !ok || b.CRC32 != 100 {
		t.Errorf("%+v %v, want the last of 100 beginnings", b, ok)
	}
}

// The directory is right whatever part of a member was read before.
func TestCombinedChecksums(t *testing.T) {
	content := noise(300)
	f := archive.Zip("a.zip", archive.Of(archive.Entry{Name: "x", File: file("x", content)}), nil)
	want := read(t, f)
	sum := crc32.ChecksumIEEE(content)
	tail := []byte{'P', 'K', 7, 8, byte(sum), byte(sum >> 8), byte(sum >> 16), byte(sum >> 24)}
	if !bytes.Contains(want, tail) {
		t.Fatal("the descriptor has another checksum")
	}
	for offset := range len(want) {
		h, err := downloadview.OpenRange(t.Context(), f, int64(offset), -1)
		if err != nil {
			t.Fatal(err)
		}
		got, err := io.ReadAll(h)
		if h.Close(); err != nil || !bytes.Equal(got, want[offset:]) {
			t.Fatalf("from %d: %d other bytes, %v", offset, len(got), err)
		}
	}
}
