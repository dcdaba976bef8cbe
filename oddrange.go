package downloadview

import (
	"math"
	"net/http"
	"strings"
)

// maxDigits is how many digits of a position every server counts: lighttpd
// refuses the largest int64 itself, which has 19.
const maxDigits = 18

// hasOddRange tells whether h has a Range field that servers read in different
// ways.
func hasOddRange(h http.Header) bool {
	lines := h["Range"]
	if len(lines) == 0 {
		return false
	}
	set, ok := parseRange(lines)
	return !ok || !set.isPlain(lines[0])
}

// isPlain tells the Range fields that every server reads alike: nothing
// in it is left to how lenient a parser is, and no server makes fewer or more
// parts of it than another. set is what was parsed of line.
func (set rangeSet) isPlain(line string) bool {
	list, ok := strings.CutPrefix(line, "bytes=")
	if !ok || len(set) > maxSpans {
		return false
	}
	n := 0
	for elem := range strings.SplitSeq(list, ",") {
		if n > 0 {
			elem = strings.TrimPrefix(elem, " ")
		}
		first, last, _ := strings.Cut(elem, "-")
		if elem == "" || elem[0] == ' ' || elem[len(elem)-1] == ' ' || strings.Contains(elem, "\t") || len(first) > maxDigits || len(last) > maxDigits {
			return false
		}
		n++
	}
	for i, s := range set {
		if s.first == math.MaxInt64 { // the last bytes, none
			return false
		}
		for _, other := range set[:i] {
			if s.meets(other) {
				return false
			}
		}
	}
	return true
}

// meets tells whether s and o overlap or touch in any file that is long enough
// for both. The last bytes meet others and each open range.
func (s rangeSpec) meets(o rangeSpec) bool {
	switch {
	case s.isSuffix() && o.isSuffix():
		return true
	case s.isSuffix():
		return o.last == math.MaxInt64
	case o.isSuffix():
		return s.last == math.MaxInt64
	}
	return s.first-1 <= o.last && o.first-1 <= s.last
}
