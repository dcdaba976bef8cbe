package config

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode"
)

// An Error is one mistake in a file, and its place.
type Error struct {
	File string
	Line int
	Key  string // such as "rules.media.source"; "" for the file as a whole
	Err  error
}

// Error returns one line, "FILE:LINE: KEY: MESSAGE", or "FILE:LINE: MESSAGE" without
// a key.
func (e *Error) Error() string {
	if e.Key == "" {
		return fmt.Sprintf("%s:%d: %v", e.File, e.Line, e.Err)
	}
	return fmt.Sprintf("%s:%d: %s: %v", e.File, e.Line, e.Key, e.Err)
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }

// Errors are all mistakes in a file, sorted by line. There is at least one.
type Errors []*Error

// Error returns one line for each mistake.
func (es Errors) Error() string {
	lines := make([]string, len(es))
	for i, e := range es {
		lines[i] = e.Error()
	}
	return strings.Join(lines, "\n")
}

// Unwrap returns the elements of es, each an [*Error].
func (es Errors) Unwrap() []error {
	errs := make([]error, len(es))
	for i, e := range es {
		errs[i] = e
	}
	return errs
}

func (d *document) sorted() Errors {
	slices.SortStableFunc(d.errors, func(a, b *Error) int { return cmp.Compare(a.Line, b.Line) })
	return d.errors
}

// below returns the full key of name in the mapping with the key parent. It quotes a
// name that could be mistaken for something else or that would break the line.
func below(parent, name string) string {
	if name == "" || strings.ContainsFunc(name, isOdd) {
		name = strconv.Quote(name)
	}
	if parent == "" {
		return name
	}
	return parent + "." + name
}

func isOdd(r rune) bool {
	return !unicode.IsLetter(r) && !unicode.IsDigit(r) && !strings.ContainsRune("_-./~", r)
}
