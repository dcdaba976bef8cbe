package downloadview

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"
)

// every returns n ranges of one byte.
func every(n, step int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, "%d-%d,", i*step, i*step)
	}
	return b.String()
}

func TestRanges(t *testing.T) {
	for _, tt := range []struct {
		field string
		size  int64
		want  []span // nil: the whole
		none  bool   // 416
	}{
		{"bytes=0-0", 10, []span{{0, 1}}, false},
		{"bytes=0-", 10, []span{{0, 10}}, false},
		{"bytes = 0-1", 10, []span{{0, 2}}, false},
		{"BYTES=0-1", 10, []span{{0, 2}}, false},
		{"bytes= ,0-1,, ", 10, []span{{0, 2}}, false},
		{"bytes=9-9", 10, []span{{9, 1}}, false},
		{"bytes=10-10", 10, nil, true},
		{"bytes=10-,-0", 10, nil, true},
		{"bytes=10-,-1", 10, []span{{9, 1}}, false},
		{"bytes=0-1,5-6", 10, []span{{0, 2}, {5, 2}}, false},
		{"bytes=5-6,0-1", 10, []span{{5, 2}, {0, 2}}, false},
		{"bytes=0-1,1-2,8-9", 10, []span{{0, 3}, {8, 2}}, false},
		{"bytes=-1,0-0", 10, []span{{9, 1}, {0, 1}}, false},
		{"bytes=0-,0-", 10, nil, false},
		{"bytes=99999999999999999999999-", 10, nil, true},
		{"bytes=0-99999999999999999999999", 10, []span{{0, 10}}, false},
		{"bytes=-99999999999999999999999", 10, []span{{0, 10}}, false},
		{"bytes=5000000000-5000000001", 6e9, []span{{5e9, 2}}, false},
		{"bytes=-1", 6e9, []span{{6e9 - 1, 1}}, false},
		{"bytes=0-", 0, nil, false},
		{"bytes=-5", 0, nil, false},
		{"bytes=-0", 0, nil, true},
		{"bytes=1-", 0, nil, true},
		{"", 10, nil, false},
		{"bytes", 10, nil, false},
		{"bytes=", 10, nil, false},
		{"bytes=,", 10, nil, false},
		{"bytes=-", 10, nil, false},
		{"bytes=1", 10, nil, false},
		{"bytes=2-1", 10, nil, false},
		{"bytes=0-1,x", 10, nil, false},
		{"bytes=+0-1", 10, nil, false},
		{"bytes=0 - 1", 10, nil, false},
		{"bytes=0x0-1", 10, nil, false},
		{"bytes=--1", 10, nil, false},
		{"items=0-1", 10, nil, false},
		{"bytes=" + every(freeParts, 2), 100, everySpan(freeParts, 2), false},
		{"bytes=" + every(freeParts+1, 2), 100, nil, false},
		{"bytes=" + every(100, 1000), 1e6, everySpan(100, 1000), false},
		{"bytes=" + every(101, 1000), 1e6, nil, false},
		{"bytes=" + every(1000, 1), 1e6, []span{{0, 1000}}, false},
		{"bytes=" + every(1001, 1), 1e6, nil, false},
	} {
		h := http.Header{"Range": {tt.field}}
		got := decide("GET", h, facts{size: tt.size, parts: manyParts})
		want := plan{status: 200}
		if tt.none {
			want.status = 416
		} else if tt.want != nil {
			want = plan{status: 206, ranges: tt.want}
		}
		if got.status != want.status || !slices.Equal(got.ranges, want.ranges) {
			t.Errorf("%.60q of %d bytes: %v, want %v", tt.field, tt.size, got, want)
		}
	}
}

func everySpan(n, step int) []span {
	var s []span
	for i := range n {
		s = append(s, span{int64(i * step), 1})
	}
	return s
}

func TestOnePartOnly(t *testing.T) {
	k := facts{size: 10, parts: onePart}
	if p := decide("GET", http.Header{"Range": {"bytes=0-0,5-5"}}, k); p.status != 200 {
		t.Errorf("two ranges of a file that is not opened twice: %v, want the whole", p)
	}
	if p := decide("GET", http.Header{"Range": {"bytes=0-0"}}, k); p.status != 206 {
		t.Errorf("one range of it: %v, want 206", p)
	}
}

// If-Range with a date less than a second old gets the whole file, since a second
// version may have the same date.
func TestIfRangeOfAFreshFile(t *testing.T) {
	h := http.Header{"Range": {"bytes=0-0"}, "If-Range": {changed.Format(http.TimeFormat)}}
	k := facts{size: 10, parts: manyParts, modTime: changed, age: time.Second - 1}
	if p := decide("GET", h, k); p.status != 200 {
		t.Errorf("a file younger than a second: %v, want the whole", p)
	}
	k.age = time.Second
	if p := decide("GET", h, k); p.status != 206 {
		t.Errorf("a file a second old: %v, want 206", p)
	}
}

// For every request a decision sends only bytes of the file, each at most once, and at
// most the allowed number of parts.
func FuzzDecide(f *testing.F) {
	f.Add("GET", "bytes=0-1,5-6", `"v1"`, `"v1"`, "", int64(10))
	f.Add("GET", "bytes=-5,0-,7-7", "", `W/"v1"`, "*", int64(4))
	f.Add("HEAD", "bytes=9223372036854775807-9223372036854775807", "Tue, 03 Feb 2026 04:05:06 GMT", "", "", int64(1)<<62)
	f.Fuzz(func(t *testing.T, method, rng, ifRange, ifNoneMatch, ifMatch string, size int64) {
		h := http.Header{}
		for key, v := range map[string]string{"Range": rng, "If-Range": ifRange, "If-None-Match": ifNoneMatch, "If-Match": ifMatch} {
			if v != "" {
				h[key] = []string{v}
			}
		}
		p := decide(method, h, facts{size: max(size, -1), etag: `"v1"`, modTime: changed, age: time.Hour, parts: manyParts})
		switch p.status {
		case 200, 304, 412, 416:
			if p.ranges != nil {
				t.Errorf("%d with ranges %v", p.status, p.ranges)
			}
		case 206:
			if method != "GET" || size < 0 || len(p.ranges) == 0 || len(p.ranges) > maxSpans {
				t.Errorf("%s of %d bytes: %d ranges", method, size, len(p.ranges))
			}
			sorted := slices.Clone(p.ranges)
			slices.SortFunc(sorted, func(a, b span) int { return int(min(max(a.start-b.start, -1), 1)) })
			end := int64(0)
			for _, s := range sorted {
				if s.start < end || s.length <= 0 || s.length > size-s.start {
					t.Fatalf("%q of %d bytes: %v", rng, size, p.ranges)
				}
				end = s.start + s.length
			}
		default:
			t.Errorf("status %d", p.status)
		}
		if method == "POST" && p.status == 304 {
			t.Error("304 to a POST")
		}
	})
}

// A Range field that parses has the same meaning after it is formatted again.
func FuzzRange(f *testing.F) {
	for _, s := range []string{"bytes=0-1", "bytes=-1", "bytes=5-", "bytes=0-0,-0, 7-9", "Bytes = 1-2", "bytes=0-18446744073709551616"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, field string) {
		set, ok := parseRange([]string{field})
		if !ok {
			return
		}
		var b strings.Builder
		b.WriteString("bytes=")
		for _, s := range set {
			switch offset, length := s.open(); {
			case s.isSuffix():
				fmt.Fprintf(&b, "%d,", s.first)
			case length < 0:
				fmt.Fprintf(&b, "%d-,", offset)
			default:
				fmt.Fprintf(&b, "%d-%d,", offset, offset+length-1)
			}
		}
		again, ok := parseRange([]string{b.String()})
		if !ok {
			t.Fatalf("%q, written anew as %q, does not parse", field, b.String())
		}
		for _, size := range []int64{0, 1, 10, 1 << 40} {
			s1, ok1 := set.of(size)
			s2, ok2 := again.of(size)
			if ok1 != ok2 || !slices.Equal(s1, s2) {
				t.Errorf("%q of %d bytes: %v, %v; as %q: %v, %v", field, size, s1, ok1, b.String(), s2, ok2)
			}
		}
	})
}
