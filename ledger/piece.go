package ledger

import (
	"slices"
	"strconv"
	"strings"
)

// A Piece is a part of a file, from the byte Start up to the byte before End. Without
// bytes, End is Start.
type Piece struct {
	Start int64 `json:"start"`
	End   int64 `json:"end"`
}

// join adds p to pieces, which are in order and don't touch one another, and returns
// them. If they would be more than most, p is left out, and ok is false.
func join(pieces []Piece, p Piece, most int) (_ []Piece, ok bool) {
	if p.End <= p.Start {
		return pieces, true
	}
	// Those from i up to j touch p.
	i, _ := slices.BinarySearchFunc(pieces, p.Start, func(q Piece, start int64) int {
		if q.End < start {
			return -1
		}
		return 1
	})
	j := i
	for j < len(pieces) && pieces[j].Start <= p.End {
		p.Start, p.End = min(p.Start, pieces[j].Start), max(p.End, pieces[j].End)
		j++
	}
	if i == j && len(pieces) >= most {
		return pieces, false
	}
	return slices.Replace(pieces, i, j, p), true
}

// parseContentRange returns the piece and the size in a Content-Range field such as
// "bytes 0-9/20". The size is -1 if it is "*".
func parseContentRange(s string) (p Piece, size int64, ok bool) {
	s, ok = strings.CutPrefix(s, "bytes ")
	if !ok {
		return Piece{}, -1, false
	}
	span, of, ok := strings.Cut(s, "/")
	first, last, ok2 := strings.Cut(span, "-")
	if !ok || !ok2 {
		return Piece{}, -1, false
	}
	start, ok := parseCount(first)
	end, ok2 := parseCount(last)
	size = -1
	ok3 := true
	if of != "*" {
		size, ok3 = parseCount(of)
	}
	if !ok || !ok2 || !ok3 || end < start || size >= 0 && end >= size {
		return Piece{}, -1, false
	}
	return Piece{start, end + 1}, size, true
}

// parseCount parses a number of bytes, which has digits only. The largest one is below
// that of int64, so that it can be increased.
func parseCount(s string) (int64, bool) {
	if s == "" || s[0] < '0' || s[0] > '9' {
		return 0, false
	}
	n, err := strconv.ParseInt(s, 10, 64)
	return n, err == nil && n < 1<<62
}
