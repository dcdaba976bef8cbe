package downloadview

import (
	"errors"
	"io"
	"testing"
)

func TestOpenRange(t *testing.T) {
	local := newLocalFile(t, "a", "0123456789")
	for _, f := range []File{local, newObject("0123456789")} {
		for _, tt := range []struct {
			offset, length int64
			want           string
			err            error
		}{
			{0, -1, "0123456789", nil},
			{3, 4, "3456", nil},
			{8, 10, "89", nil},
			{-3, -1, "789", nil},
			{-30, 5, "0123456789", nil},
			{-3, 0, "789", nil},
			{10, 1, "", ErrRange},
			{3, 0, "", ErrRange},
			{11, -1, "", ErrRange},
		} {
			h, err := OpenRange(t.Context(), f, tt.offset, tt.length)
			if !errors.Is(err, tt.err) {
				t.Errorf("%T: OpenRange(%d, %d): %v, want %v", f, tt.offset, tt.length, err, tt.err)
			}
			if err != nil {
				continue
			}
			got, err := io.ReadAll(h)
			fi, _ := h.Stat()
			if string(got) != tt.want || err != nil || fi.Size() != 10 {
				t.Errorf("%T: OpenRange(%d, %d) = %q of %d, %v; want %q of 10", f, tt.offset, tt.length, got, fi.Size(), err, tt.want)
			}
			h.Close()
		}
	}
	if _, err := OpenRange(t.Context(), plainFile{newObject("x")}, 0, 1); !errors.Is(err, errors.ErrUnsupported) {
		t.Errorf("OpenRange of a stream: %v, want ErrUnsupported", err)
	}
}
