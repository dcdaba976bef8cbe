package downloadview

import (
	"slices"
	"strings"
)

// A listing says how values of a list field are combined (RFC 9110, 5.3).
type listing int

const (
	extended        listing = iota + 1 // a view adds to outer values
	preceded                           // the same, but outer values come last, because the last member of a name counts
	extendedByLines                    // a view adds, and every value keeps its own line
	replaced                           // a view replaces outer values
)

// listFields are the fields that are lists. Any other field has one value.
var listFields = map[string]listing{
	"Accept-Ch":                           extended,
	"Access-Control-Allow-Headers":        extended,
	"Access-Control-Allow-Methods":        extended,
	"Access-Control-Expose-Headers":       extended,
	"Allow":                               extended,
	"Alt-Svc":                             extended,
	"Cache-Control":                       extended,
	"Cache-Status":                        extended,
	"Clear-Site-Data":                     extended,
	"Content-Security-Policy":             extended,
	"Content-Security-Policy-Report-Only": extended,
	"Link":                                extended,
	"Pragma":                              extended,
	"Server-Timing":                       extended,
	"Timing-Allow-Origin":                 extended,
	"Vary":                                extended,
	"Via":                                 extended,
	"Warning":                             extended,
	"X-Robots-Tag":                        extended,

	"Permissions-Policy":  preceded,
	"Reporting-Endpoints": preceded,

	"Proxy-Authenticate": extendedByLines,
	"Set-Cookie":         extendedByLines,
	"Www-Authenticate":   extendedByLines,

	"Content-Digest":      replaced,
	"Digest":              replaced,
	"Want-Digest":         replaced,
	"Content-Encoding":    replaced,
	"Content-Language":    replaced,
	"Referrer-Policy":     replaced,
	"Repr-Digest":         replaced,
	"Unencoded-Digest":    replaced,
	"Want-Content-Digest": replaced,
	"Want-Repr-Digest":    replaced,

	"Want-Unencoded-Digest": replaced,
}

// union returns the values of both lists, each once, in a new slice.
func union(first, second []string) []string {
	all := make([]string, 0, len(first)+len(second))
	for _, values := range [][]string{first, second} {
		for _, v := range values {
			if !slices.Contains(all, v) {
				all = append(all, v)
			}
		}
	}
	return all
}

// joinLists puts every list into one line. If a field has several lines, nginx
// before 1.23 keeps only the first when it takes over an answer.
func (f *fields) joinLists() {
	for key, values := range f.header {
		if kind := listFields[key]; len(values) > 1 && kind != 0 && kind != extendedByLines {
			f.set(key, strings.Join(values, ", "))
		}
	}
}
