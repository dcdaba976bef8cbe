package command

import (
	"slices"
	"testing"
)

func TestCompareNatural(t *testing.T) {
	want := []string{
		"", "01", "1", "2", "10", "99999999999999999999", "100000000000000000000", "a", "A1", "a2", "A10", "file 9.txt", "file 010 b", "File 10.txt",
		"report", "Report 9", "report 10", "REPORT 10 b", "Zebra", "zebra 1", "Äpfel", "ärger", "日本",
	}
	got := slices.Clone(want)
	slices.Sort(got)
	slices.SortFunc(got, compareNatural)
	if !slices.Equal(got, want) {
		t.Errorf("sorted %q\nwant   %q", got, want)
	}
}

// compareNatural is a total order, and 0 only for equal names.
func FuzzCompareNatural(f *testing.F) {
	f.Add("a1", "a01", "A1")
	f.Add("\xff1", "\xfe01", "9")
	f.Add("ǅ10", "ǆ9", "1a")
	f.Fuzz(func(t *testing.T, a, b, c string) {
		ab, bc, ac := compareNatural(a, b), compareNatural(b, c), compareNatural(a, c)
		if ab != -compareNatural(b, a) || (ab == 0) != (a == b) {
			t.Errorf("%q and %q: %d, the other way round %d", a, b, ab, compareNatural(b, a))
		}
		if ab <= 0 && bc <= 0 && ac > 0 || ab >= 0 && bc >= 0 && ac < 0 {
			t.Errorf("%q, %q, %q: %d, %d, %d is no order", a, b, c, ab, bc, ac)
		}
	})
}
