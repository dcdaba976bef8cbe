package command

import (
	"regexp"
	"strings"
)

// pathToken matches the token of a link to a prefix at the beginning of a path, or what
// is left of a token that was cut: nearly all of a signature is as secret as the whole.
var pathToken = regexp.MustCompile(`^/~1\.[A-Za-z0-9_-]{1,32}\.[0-9]{9,11}\.[^/]*`)

// withoutToken returns path with "~xxxxx" in place of the token of a link to a prefix.
func withoutToken(path string) string {
	below, ok := belowToken(path)
	if !ok {
		return path
	}
	return "/~" + hidden + below
}

// belowToken returns the path after the token of a link to a prefix, and whether path
// has one.
func belowToken(path string) (string, bool) {
	if !strings.HasPrefix(path, "/~1.") { // true for most paths; belowToken runs for each request
		return path, false
	}
	at := pathToken.FindStringIndex(path)
	if at == nil {
		return path, false
	}
	return path[at[1]:], true
}
