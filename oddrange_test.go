package downloadview

import (
	"fmt"
	"math"
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

func TestOddRanges(t *testing.T) {
	ranges := func(n int) string {
		parts := make([]string, n)
		for i := range parts {
			parts[i] = fmt.Sprintf("%d-%[1]d", i*1000)
		}
		return "bytes=" + strings.Join(parts, ",")
	}
	for field, odd := range map[string]bool{
		"bytes=0-0": false, "bytes=10-": false, "bytes=-5": false, "bytes=0-1,5-6,-1": false, "bytes=5-6, 0-1": false, "bytes=0010-0019": false,
		"bytes=10-999999999999999999": false, ranges(100): false, "bytes=0-1,3-": false,
		"lines=0-0": true, "BYTES=0-0": true, "bytes =0-0": true, "bytes": true, "bytes=": true, "bytes=-": true, "bytes=-0": true, "bytes=1-2,-0": true,
		"bytes=2-1": true, "bytes=a-b": true, "bytes=0-1,x": true, "bytes=+0-1": true, "bytes=1": true, "bytes=,0-1": true, "bytes=0-1,": true,
		"bytes=0-1,,3-4": true, "bytes= 0-1": true, "bytes=0-1 ": true, "bytes=0-1 ,3-4": true, "bytes=0-1,  3-4": true, "bytes=0-1,\t3-4": true,
		"bytes=10-9223372036854775807": true, "bytes=-99999999999999999999": true, "bytes=99999999999999999999-": true,
		"bytes=0-1,2-3": true, "bytes=5-9,0-5": true, "bytes=0-,5-6": true, "bytes=0-,-1": true, "bytes=-1,-2": true, ranges(101): true,
	} {
		if got := hasOddRange(http.Header{"Range": {field}}); got != odd {
			t.Errorf("hasOddRange(%.60q) = %v, want %v", field, got, odd)
		}
	}
	if !hasOddRange(http.Header{"Range": {"bytes=0-1", "bytes=3-4"}}) {
		t.Error("two fields are not odd")
	}
	if hasOddRange(http.Header{}) {
		t.Error("no field is odd")
	}
	for condition, odd := range map[string]bool{
		`"a"`: false, `W/"a"`: false, `""`: false, "Tue, 03 Feb 2026 04:05:06 GMT": false, "Tue Feb  3 04:05:06 2026": false,
		"": true, "a": true, "*": true, `"a", "b"`: true, `"a`: true, "Tue, 03 Feb 2026 04:05:06 UTC": true, "0": true,
	} {
		if got := hasOddRange(http.Header{"Range": {"bytes=0-0"}, "If-Range": {condition}}); got != odd {
			t.Errorf("with If-Range %q: hasOddRange = %v, want %v", condition, got, odd)
		}
		if hasOddRange(http.Header{"If-Range": {condition}}) {
			t.Errorf("If-Range %q is odd without a Range", condition)
		}
	}
	if !hasOddRange(http.Header{"Range": {"bytes=0-0"}, "If-Range": {`"a"`, `"a"`}}) {
		t.Error("two If-Range fields are not odd")
	}
}

// A Range field that isn't odd has the plain form of RFC 9110, section 14.1.2, and means
// exactly what was parsed.
func FuzzOddRange(f *testing.F) {
	for _, s := range []string{"bytes=0-1", "bytes=0-1, 3-4,-5", "bytes=1-0", "bytes=-0", "bytes=0-99999999999999999999"} {
		f.Add(s)
	}
	plain := regexp.MustCompile(`^bytes=(\d+-\d*|-\d+)(, ?(\d+-\d*|-\d+))*$`)
	f.Fuzz(func(t *testing.T, field string) {
		if hasOddRange(http.Header{"Range": {field}}) {
			return
		}
		if !plain.MatchString(field) {
			t.Fatalf("%q is not odd", field)
		}
		set, _ := parseRange([]string{field})
		for i, elem := range strings.Split(strings.TrimPrefix(field, "bytes="), ",") {
			first, last, _ := strings.Cut(strings.TrimPrefix(elem, " "), "-")
			number := func(s string, otherwise int64) int64 {
				if s == "" {
					return otherwise
				}
				n, err := strconv.ParseInt(s, 10, 64)
				if err != nil {
					t.Fatalf("%q is not odd: %v", field, err)
				}
				return n
			}
			want := rangeSpec{number(first, 0), number(last, math.MaxInt64)}
			if first == "" {
				want = rangeSpec{-number(last, 0), 0}
			}
			if set[i] != want {
				t.Errorf("%q: element %d is %v, want %v", field, i, set[i], want)
			}
		}
	})
}
