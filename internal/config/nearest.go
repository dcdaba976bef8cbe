package config

import (
	"fmt"
	"strings"
)

// suggestion returns the end of an error about an unknown name: the similar one of
// names, or all of them.
func suggestion(name string, names []string) string {
	if len(names) == 0 {
		return "the file has none"
	}
	if near, ok := nearest(name, names); ok {
		return fmt.Sprintf("did you mean %q?", near)
	}
	if len(names) == 1 {
		return "want " + quoted(names)
	}
	return "want one of " + quoted(names)
}

func quoted(names []string) string {
	q := make([]string, len(names))
	for i, n := range names {
		q[i] = fmt.Sprintf("%q", n)
	}
	return strings.Join(q, ", ")
}

// nearest returns the one of names that differs from name by the fewest slips. It
// returns false if that one has more than one slip in three letters: a guess.
func nearest(name string, names []string) (string, bool) {
	name = strings.ToLower(name)
	var best string
	fewest := max(1, min(len(name)/3, 3)) + 1
	for _, candidate := range names {
		if n := slips(name, strings.ToLower(candidate)); n < fewest && n < len(candidate) {
			best, fewest = candidate, n
		}
	}
	return best, best != ""
}

// slips returns the number of bytes that were left out, added, replaced or swapped
// with their neighbour between a and b (the optimal string alignment distance).
func slips(a, b string) int {
	if long, short := max(len(a), len(b)), min(len(a), len(b)); long-short > 3 {
		return long - short
	}
	// Rows of the matrix: the one before the last, the last, this one.
	before, last, row := make([]int, len(b)+1), make([]int, len(b)+1), make([]int, len(b)+1)
	for j := range last {
		last[j] = j
	}
	for i := range len(a) {
		row[0] = i + 1
		for j := range len(b) {
			change := 1
			if a[i] == b[j] {
				change = 0
			}
			row[j+1] = min(last[j]+change, last[j+1]+1, row[j]+1)
			if i > 0 && j > 0 && a[i] == b[j-1] && a[i-1] == b[j] {
				row[j+1] = min(row[j+1], before[j-1]+1)
			}
		}
		before, last, row = last, row, before
	}
	return last[len(b)]
}
