package command

import (
	"math"
	"testing"
)

func TestByteCount(t *testing.T) {
	for _, tt := range []struct {
		n            byteCount
		short, exact string
	}{
		{0, "0 B", "0 bytes"},
		{1, "1 B", "1 byte"},
		{999, "999 B", "999 bytes"},
		{1000, "1.0 kB", "1,000 bytes"},
		{99_999, "99.9 kB", "99,999 bytes"},
		{999_999, "999 kB", "999,999 bytes"},
		{1_000_000, "1.0 MB", "1,000,000 bytes"},
		{4_700_000_000, "4.7 GB", "4,700,000,000 bytes"},
		{math.MaxInt64, "9.2 EB", "9,223,372,036,854,775,807 bytes"},
	} {
		if got := tt.n.Short(); got != tt.short {
			t.Errorf("Short(%d) = %q, want %q", int64(tt.n), got, tt.short)
		}
		if got := tt.n.Exact(); got != tt.exact {
			t.Errorf("Exact(%d) = %q, want %q", int64(tt.n), got, tt.exact)
		}
	}
}
