package bucket

import "strings"

// Size returns *n, or -1 if n is nil.
func Size(n *int64) int64 {
	if n == nil {
		return -1
	}
	return *n
}

// Quoted returns an entity tag with its quotes. Some stores omit them, others
// omit them in listings.
func Quoted(tag string) string {
	if tag == "" || strings.HasPrefix(tag, `"`) || strings.HasPrefix(tag, "W/") {
		return tag
	}
	return `"` + tag + `"`
}
