package command

import (
	"regexp"
	"strings"
)

// pathToken matches a segment of a path that is the token of a link to a prefix, or what
// is left of a token that was cut: nearly all of a signature is as secret as the whole.
var pathToken = regexp.MustCompile(`/~1\.[A-Za-z0-9_-]{1,32}\.[0-9]{9,11}\.[^/]*`)

const tokenMark = "/~1." // most paths don't have it, and are not searched

// withoutToken returns path with "~xxxxx" in place of tokens of links to a prefix,
// wherever they are.
func withoutToken(path string) string {
	if !strings.Contains(path, tokenMark) {
		return path
	}
	return pathToken.ReplaceAllString(path, "/~"+hidden)
}

// belowToken returns the path after the token of a link to a prefix, and whether path
// begins with one.
func belowToken(path string) (string, bool) {
	if !strings.HasPrefix(path, tokenMark) {
		return path, false
	}
	at := pathToken.FindStringIndex(path)
	if at == nil || at[0] != 0 {
		return path, false
	}
	return path[at[1]:], true
}
