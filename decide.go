package downloadview

import (
	"net/http"
	"time"
)

// facts are the properties of a file that a decision depends on.
type facts struct {
	size    int64     // -1: not known
	etag    string    // strong, or ""
	modTime time.Time // whole seconds, not in the future, or zero
	age     time.Duration
	parts   parts
	soFar   int64 // bytes that are there, if the size is not known; 0: the content has no ranges
}

// offersRanges reports whether the file, or what is there of it, has ranges.
func (f *facts) offersRanges() bool {
	if f.size < 0 {
		return f.soFar > 0
	}
	return f.parts != noParts
}

// parts is how many ranges of the file can be sent in one answer.
type parts int

const (
	noParts   parts = 0
	onePart   parts = 1 // without a tag, two opens may see two versions
	manyParts parts = maxSpans
)

// plan is the outcome of a decision: a status of 200, 206, 304, 412 or 416, and
// for 206 what to send.
type plan struct {
	status int
	ranges []span
	grows  bool // the range is one of content whose size is not known; it may end earlier
}

// endsWithoutBytes reports whether the answer needs no bytes of the file.
func (p plan) endsWithoutBytes() bool {
	return p.status != http.StatusOK && p.status != http.StatusPartialContent
}

// decide judges the preconditions and ranges of a request, in the order of
// RFC 9110, section 13.2.2. It is pure.
func decide(method string, h http.Header, f facts) plan {
	if status := precondition(method, h, f); status != 0 {
		return plan{status: status}
	}
	whole := plan{status: http.StatusOK}
	if f.size < 0 && f.soFar > 0 && isGetOrHead(method) {
		return duringGrowth(method, h, f)
	}
	if method != http.MethodGet || f.parts == noParts || f.size < 0 {
		return whole
	}
	wanted, ok := parseRange(h["Range"])
	if !ok || !ifRange(h["If-Range"], f) {
		return whole
	}
	spans, ok := wanted.of(f.size)
	if f.parts > onePart && len(spans) > int(f.parts) {
		spans = bridged(spans)
	}
	switch {
	case !ok:
		return plan{status: http.StatusRequestedRangeNotSatisfiable}
	case len(spans) == 0, len(spans) > int(f.parts):
		return whole
	}
	return plan{status: http.StatusPartialContent, ranges: spans}
}
