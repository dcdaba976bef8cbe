package downloadview

import (
	"cmp"
	"math"
	"slices"
	"strings"
)

// A span is length bytes from start.
type span struct{ start, length int64 }

// A rangeSpec is one element of a Range field: first to last, both inclusive
// and last perhaps past the end; or, where first is negative, the last -first
// bytes.
type rangeSpec struct{ first, last int64 }

func (s rangeSpec) isSuffix() bool { return s.first < 0 }

// open returns the arguments of RangeFile.OpenRange for s.
func (s rangeSpec) open() (offset, length int64) {
	if s.isSuffix() || s.last == math.MaxInt64 {
		return s.first, -1
	}
	return s.first, s.last - s.first + 1
}

// in returns the part of a file of size bytes that s means; false: none of it.
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
	maxSpecs  = 1000 // more in one field, and it is ignored
	maxSpans  = 100  // more to send, and the whole file is sent
	maxAsked  = 16   // requests to a store for one answer
	freeParts = 16   // so many may cost more than the file
	partCost  = 120  // octets that a part takes beside its bytes, about
)

// A rangeSet is a Range field, syntactically right and with at least one
// element.
type rangeSet []rangeSpec

// parseRange parses the lines of a Range field (RFC 9110, 14.2). False means
// that there is none, or one to ignore: another unit, bad syntax, several
// lines, or a needless number of elements.
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
		if n == 0 { // "-0" is right but never satisfiable, like an offset past any end
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

// parseOffset parses decimal digits; what is too big for an int64 is as good as
// the biggest.
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

// of returns what to send of a file of size bytes: nil for the whole, false for
// nothing (416). What overlaps or touches is joined; a set that asks for more
// bytes than the file has, or for so many parts that it costs more, gets the
// whole file. So does a set that begins at the start of an empty file, as nginx
// has it: 416 would tell the client of such a file that it did wrong.
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

// joined returns spans as they are, in the order of the request, where they are
// apart; else sorted, with what overlaps or touches in one.
func joined(spans []span) []span {
	out := merged(spans, 0)
	if len(out) == len(spans) {
		return spans
	}
	return out
}

// bridged returns spans sorted, with those in one between which there is less
// than a part costs (RFC 9110, 15.3.7.2).
func bridged(spans []span) []span { return merged(spans, partCost-1) }

// merged returns spans sorted, with those in one between which there are gap
// bytes or fewer.
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
