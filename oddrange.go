package downloadview

import (
	"math"
	"net/http"
	"strings"
)

// maxDigits is how many digits of a position every server accepts: lighttpd
// refuses the largest int64, which has 19.
const maxDigits = 18

// hasOddRange reports whether h has a Range field that servers read in
// different ways, or one with such an If-Range.
func hasOddRange(h http.Header) bool {
	lines := h["Range"]
	if len(lines) == 0 {
		return false
	}
	set, ok := parseRange(lines)
	return !ok || !set.isPlain(lines[0]) || hasOddCondition(h["If-Range"])
}

// hasOddRange is hasOddRange of the request, or reports that its If-Range has a date that
// doesn't identify the file.
func (x *exchange) hasOddRange() bool {
	return hasOddRange(x.r.Header) || x.hasSharedDate()
}

// hasSharedDate reports whether a range depends on a date, and the file may have several codings.
// These often have the same date, so it is no strong validator (RFC 9110, 8.8.1): a client
// could join the end of one to the beginning of another.
func (x *exchange) hasSharedDate() bool {
	lines := x.r.Header["If-Range"]
	if len(lines) == 0 || len(x.r.Header["Range"]) == 0 {
		return false
	}
	_, ok := dateIn(lines)
	return ok && x.resp.isNegotiated()
}

// isNegotiated reports whether the view says that the answer depends on the codings that
// the client accepts.
func (r *Response) isNegotiated() bool {
	for key, values := range r.Header {
		if http.CanonicalHeaderKey(key) == "Vary" && hasMember(values, "accept-encoding") {
			return true
		}
	}
	return false
}

// hasOddCondition reports whether the lines of If-Range are not one entity tag or
// date, such as the empty one of a client that has no validator. Some servers then
// send the range, as if there were no If-Range.
func hasOddCondition(lines []string) bool {
	if len(lines) == 0 {
		return false
	}
	if tag, rest := cutTag(lines[0]); len(lines) == 1 && tag != "" {
		return rest != ""
	}
	_, ok := dateIn(lines)
	return !ok
}

// isPlain reports whether every server reads the Range field in the same way:
// it needs no lenient parser, and all servers make the same number of parts of
// it. set is the parsed line.
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

// meets reports whether s and o overlap or touch in a file that is long enough
// for both. A suffix meets other suffixes and each open range.
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
