package downloadview

import (
	"cmp"
	"math"
	"slices"
	"strings"
)

// A span is length bytes from start.
type span struct{ start, length int64 }

// A rangeSpec is one element of a Range field: the bytes from first to last, both
// inclusive, where last may be past the end of the file; or, if first is negative,
// the last -first bytes.
type rangeSpec struct{ first, last int64 }

func (s rangeSpec) isSuffix() bool { return s.first < 0 }

// open returns the arguments of RangeFile.OpenRange for s.
func (s rangeSpec) open() (offset, length int64) {
	if s.isSuffix() || s.last == math.MaxInt64 {
		return s.first, -1
	}
	return s.first, s.last - s.first + 1
}

// in returns the span of s in a file of size bytes, and whether it has any bytes.
func (s rangeSpec) in(size int64) (span, bool) {
	if s.isSuffix() {
		s = rangeSpec{max(size+s.first, 0), math.MaxInt64}
	}
	if s.first >= size {
		return span{}, false
	}
	return span{s.first, min(s.last, size-1) - s.first + 1}, true
}

const (
	maxSpecs  = 1000 // a field with more elements is ignored
	maxSpans  = 100  // instead of more parts, the whole file is sent
	maxAsked  = 16   // most requests to a store for one answer
	freeParts = 16   // up to so many parts, the answer may be longer than the file
	partCost  = 120  // about how many bytes a part needs besides its content
)

// A rangeSet is a valid Range field with at least one element.
type rangeSet []rangeSpec

// parseRange parses the lines of a Range field (RFC 9110, 14.2). It returns false
// if there is none, or if it must be ignored: another unit, a syntax error,
// several lines, or more than maxSpecs elements.
func parseRange(lines []string) (rangeSet, bool) {
	if len(lines) != 1 {
		return nil, false
	}
	unit, list, ok := strings.Cut(lines[0], "=")
	if !ok || !strings.EqualFold(strings.Trim(unit, " \t"), "bytes") {
		return nil, false
	}
	var set rangeSet
	for elem := range strings.SplitSeq(list, ",") {
		elem = strings.Trim(elem, " \t")
		if elem == "" {
			continue // allowed by RFC 9110, 5.6.1.2
		}
		spec, ok := parseSpec(elem)
		if !ok || len(set) == maxSpecs {
			return nil, false
		}
		set = append(set, spec)
	}
	return set, len(set) > 0
}

func parseSpec(elem string) (rangeSpec, bool) {
	first, last, ok := strings.Cut(elem, "-")
	if !ok {
		return rangeSpec{}, false
	}
	if first == "" {
		n, ok := parseOffset(last)
		if n == 0 { // "-0" is valid but unsatisfiable, like an offset past the end
			return rangeSpec{math.MaxInt64, math.MaxInt64}, ok
		}
		return rangeSpec{-n, 0}, ok
	}
	spec := rangeSpec{0, math.MaxInt64}
	if spec.first, ok = parseOffset(first); !ok {
		return rangeSpec{}, false
	}
	if last != "" {
		if spec.last, ok = parseOffset(last); !ok || spec.last < spec.first {
			return rangeSpec{}, false
		}
	}
	return spec, true
}

// parseOffset parses decimal digits. For a number that doesn't fit into an int64 it
// returns one that is larger than any file.
func parseOffset(s string) (int64, bool) {
	if s == "" {
		return 0, false
	}
	var n int64
	for _, c := range []byte(s) {
		if c < '0' || c > '9' {
			return 0, false
		}
		if n > (math.MaxInt64-9)/10 {
			n = math.MaxInt64 / 10
			continue
		}
		n = n*10 + int64(c-'0')
	}
	return n, true
}

// of returns the spans to send of a file of size bytes: nil means the whole file,
// and false means that no range is satisfiable (416). Spans that overlap or touch
// are joined. The whole file is sent if the set asks for more bytes than the file
// has, for more than maxSpans parts, or for more than freeParts parts that would
// need more bytes than the file. It is also sent, as by nginx, if the file is empty
// and a range begins at 0 or counts from the end: with 416, the client of an empty
// file would see an error.
func (set rangeSet) of(size int64) ([]span, bool) {
	if size == 0 {
		return nil, slices.ContainsFunc(set, func(s rangeSpec) bool { return s.first <= 0 })
	}
	spans := make([]span, 0, len(set))
	var total int64
	for _, spec := range set {
		s, ok := spec.in(size)
		if !ok {
			continue
		}
		if s.length > size-total {
			return nil, true
		}
		total += s.length
		spans = append(spans, s)
	}
	if len(spans) == 0 {
		return nil, false
	}
	spans = joined(spans)
	if n := int64(len(spans)); n > maxSpans || n > freeParts && total+n*partCost > size {
		return nil, true
	}
	return spans, true
}

// joined returns spans in the order of the request if none overlap or touch. Else
// it returns them sorted, with those that overlap or touch joined into one.
func joined(spans []span) []span {
	out := merged(spans, 0)
	if len(out) == len(spans) {
		return spans
	}
	return out
}

// bridged returns spans sorted, and joins those that have fewer bytes between them
// than a part costs (RFC 9110, 15.3.7.2).
func bridged(spans []span) []span { return merged(spans, partCost-1) }

// merged returns spans sorted, and joins those that have at most gap bytes between
// them.
func merged(spans []span, gap int64) []span {
	if len(spans) < 2 {
		return spans
	}
	sorted := slices.SortedFunc(slices.Values(spans), func(a, b span) int { return cmp.Compare(a.start, b.start) })
	out := sorted[:1]
	for _, s := range sorted[1:] {
		last := &out[len(out)-1]
		if s.start-gap > last.start+last.length {
			out = append(out, s)
			continue
		}
		last.length = max(last.length, s.start+s.length-last.start)
	}
	return out
}
