package archive

import (
	"bytes"
	"compress/flate"
	"encoding/binary"
	"io"
	"math"
	"testing"
)

// The length of content in blocks is never the one about which readers disagree,
// and the blocks end where it says.
func TestFramedSize(t *testing.T) {
	for size, want := range map[int64]int64{0: 5, 1: 6, 65535: 65540, 65536: 65546, 131070: 131080, 131071: 131086} {
		if got := framedSize(size); got != want {
			t.Errorf("%d bytes: %d, want %d", size, got, want)
		}
	}
	odd := false
	for size := int64(math.MaxUint32 - 327_700); size < math.MaxUint32-327_600; size++ {
		n := framedSize(size)
		if n == math.MaxUint32 {
			t.Errorf("%d bytes have the length %d", size, n)
		}
		plain := size + 5*((size+65534)/65535)
		if n == plain {
			continue
		}
		odd = true
		if n != plain+5 || plain != math.MaxUint32 {
			t.Errorf("%d bytes: %d, want %d", size, n, plain)
		}
		full, length := blockAt(blocks(size)-2, size)
		last, none := blockAt(blocks(size)-1, size)
		if full[0] != 0 || length == 0 || last != [5]byte{1, 0, 0, 0xff, 0xff} || none != 0 {
			t.Errorf("the last blocks are %v of %d bytes, %v of %d", full, length, last, none)
		}
	}
	if !odd {
		t.Error("the length was not tried")
	}
}

// An empty block at the end is read by inflate.
func TestEmptyBlock(t *testing.T) {
	b := append([]byte{0, 3, 0, 0xfc, 0xff}, "abc"...)
	b = append(b, 1, 0, 0, 0xff, 0xff)
	got, err := io.ReadAll(flate.NewReader(bytes.NewReader(b)))
	if err != nil || string(got) != "abc" {
		t.Errorf("%q, %v", got, err)
	}
}

// The end of an archive has eight-byte fields exactly where one of its own is too
// small.
func TestEndOfZip(t *testing.T) {
	const limit = math.MaxUint32
	for _, tt := range []struct {
		d     directory
		large bool
	}{
		{directory{limit - 1, limit - 1, 65534}, false},
		{directory{limit, 100, 2}, true},
		{directory{100, limit, 2}, true},
		{directory{100, 100, 65535}, true},
		{directory{100, 100, 65534}, false},
	} {
		z := zipFormat{comment: "c"}
		b := z.end(nil, tt.d)
		if int64(len(b)) != z.endSize(tt.d) {
			t.Errorf("%+v: %d bytes, want %d", tt.d, len(b), z.endSize(tt.d))
		}
		end := b
		if tt.large {
			if string(b[:4]) != "PK\x06\x06" || string(b[56:60]) != "PK\x06\x07" || len(b) != 56+20+23 {
				t.Fatalf("%+v: %q", tt.d, b)
			}
			le := binary.LittleEndian
			if n, size, at := le.Uint64(b[32:]), le.Uint64(b[40:]), le.Uint64(b[48:]); n != uint64(tt.d.members) || size != uint64(tt.d.size) || at != uint64(tt.d.offset) {
				t.Errorf("%+v: %d, %d, %d", tt.d, n, size, at)
			}
			if at := le.Uint64(b[64:]); at != uint64(tt.d.offset+tt.d.size) {
				t.Errorf("%+v: the locator says %d", tt.d, at)
			}
			end = b[76:]
		}
		if string(end[:4]) != "PK\x05\x06" || len(end) != 23 {
			t.Errorf("%+v: %q", tt.d, end)
		}
	}
}
