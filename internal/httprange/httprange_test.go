package httprange_test

import (
	"errors"
	"math"
	"testing"

	"github.com/downloadview/downloadview"
	"github.com/downloadview/downloadview/internal/httprange"
)

func TestField(t *testing.T) {
	for _, tt := range []struct {
		offset, length int64
		want           string
	}{
		{0, 1, "bytes=0-0"},
		{7, 3, "bytes=7-9"},
		{7, -1, "bytes=7-"},
		{7, math.MaxInt64, "bytes=7-"},
		{math.MaxInt64, 1, "bytes=9223372036854775807-"},
		{-3, 0, "bytes=-3"},
		{math.MinInt64, 5, "bytes=-9223372036854775807"},
	} {
		if got := httprange.Field(tt.offset, tt.length); got != tt.want {
			t.Errorf("Field(%d, %d) = %q, want %q", tt.offset, tt.length, got, tt.want)
		}
	}
}

func TestCheck(t *testing.T) {
	nonsense := errors.New("any other error")
	for _, tt := range []struct {
		name               string
		contentRange       string
		contentLength      int64
		offset, length     int64
		wantSize, wantPart int64
		wantErr            error
	}{
		{"asked for", "bytes 2-4/10", 3, 2, 3, 10, 3, nil},
		{"length not known", "bytes 2-4/10", -1, 2, 3, 10, 3, nil},
		{"cut at the end", "bytes 8-9/10", 2, 8, 5, 10, 2, nil},
		{"to the end", "bytes 8-9/10", 2, 8, -1, 10, 2, nil},
		{"suffix", "bytes 7-9/10", 3, -3, 0, 10, 3, nil},
		{"suffix of less", "bytes 0-9/10", 10, math.MinInt64, 0, 10, 10, nil},
		{"ignored", "", 10, 2, 3, 0, 0, errors.ErrUnsupported},
		{"ignored, of unknown length", "", -1, 2, 3, 0, 0, errors.ErrUnsupported},
		{"empty", "", 0, 0, -1, 0, 0, downloadview.ErrRange},
		{"empty, as net/http has it", "bytes 0--1/0", 0, -3, 0, 0, 0, downloadview.ErrRange},
		{"another beginning", "bytes 0-2/10", 3, 2, 3, 0, 0, nonsense},
		{"shorter", "bytes 2-3/10", 2, 2, 3, 0, 0, nonsense},
		{"longer", "bytes 2-5/10", 4, 2, 3, 0, 0, nonsense},
		{"another suffix", "bytes 6-9/10", 4, -3, 0, 0, 0, nonsense},
		{"size unknown", "bytes 2-4/*", 3, 2, 3, 0, 0, errors.ErrUnsupported},
		{"other length", "bytes 2-4/10", 5, 2, 3, 0, 0, nonsense},
		{"past its size", "bytes 2-4/4", 3, 2, 3, 0, 0, nonsense},
		{"other unit", "lines 2-4/10", 3, 2, 3, 0, 0, nonsense},
		{"signs", "bytes +2-4/10", 3, 2, 3, 0, 0, nonsense},
		{"too big", "bytes 2-4/9223372036854775808", 3, 2, 3, 0, 0, nonsense},
		{"unsatisfied", "bytes */10", 0, 2, 3, 0, 0, nonsense},
	} {
		t.Run(tt.name, func(t *testing.T) {
			size, part, err := httprange.Check(tt.contentRange, tt.contentLength, tt.offset, tt.length)
			if size != tt.wantSize || part != tt.wantPart {
				t.Errorf("size %d and part %d, want %d and %d", size, part, tt.wantSize, tt.wantPart)
			}
			known := errors.Is(err, downloadview.ErrRange) || errors.Is(err, errors.ErrUnsupported)
			switch {
			case tt.wantErr == nonsense:
				if err == nil || known {
					t.Errorf("error is %v, want one that is neither ErrRange nor ErrUnsupported", err)
				}
			case !errors.Is(err, tt.wantErr):
				t.Errorf("error is %v, want %v", err, tt.wantErr)
			}
		})
	}
}
