package bucket

import "strings"

// Size returns *n, or -1 where it is not known.
func Size(n *int64) int64 {
	if n == nil {
		return -1
	}
	return *n
}

// Quoted returns an entity tag with its quotes. Some stores leave them out, others
// do so in listings.
func Quoted(tag string) string {
	if tag == "" || strings.HasPrefix(tag, `"`) || strings.HasPrefix(tag, "W/") {
		return tag
	}
	return `"` + tag + `"`
}
