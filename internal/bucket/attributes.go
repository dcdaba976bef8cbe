package bucket

import "strings"

// Size returns *n, or -1 where it is not known.
func Size(n *int64) int64 {
	if n == nil {
		return -1
	}
	return *n
}

// Quoted returns an entity tag in its quotes, which some stores leave out, and
// listings of others.
func Quoted(tag string) string {
	if tag == "" || strings.HasPrefix(tag, `"`) || strings.HasPrefix(tag, "W/") {
		return tag
	}
	return `"` + tag + `"`
}
