package command

import (
	"regexp"
	"strings"
)

// tokenMark begins the token of a link to a prefix in a path. The file marks begin those of
// links to a file, which are in the path if a program has escaped the "?" of the link; the
// second one is of links that nginx verifies by secure_link.
const (
	tokenMark  = "/~1."
	fileMark   = "dv=1."
	secureMark = "dvn="
)

// withoutToken returns path with "~xxxxx" in place of the segments that are tokens of
// links to a prefix, wherever they are, and with "xxxxx" in place of the tokens of links to
// a file.
func withoutToken(path string) string {
	if strings.Contains(path, fileMark) || strings.Contains(path, secureMark) {
		return withoutTokens(path)
	}
	if !strings.Contains(path, tokenMark) { // true for most paths; it runs for each request
		return path
	}
	first, rest, _ := strings.Cut(path, "/")
	b := new(strings.Builder)
	b.WriteString(first)
	for segment := range strings.SplitSeq(rest, "/") {
		if isToken(segment) {
			segment = "~" + hidden
		}
		b.WriteByte('/')
		b.WriteString(segment)
	}
	return b.String()
}

// belowToken returns the path after the token of a link to a prefix, and whether path
// begins with one.
func belowToken(path string) (string, bool) {
	if !strings.HasPrefix(path, tokenMark) {
		return path, false
	}
	segment, _, _ := strings.Cut(path[1:], "/")
	if !isToken(segment) {
		return path, false
	}
	return path[1+len(segment):], true
}

// isToken reports whether a segment of a path is the token of a link to a prefix, or
// what is left of one that was cut: nearly all of a signature is as secret as the whole.
// So the id of the key and a time are enough.
func isToken(segment string) bool {
	parts := strings.SplitN(segment, ".", 4)
	return len(parts) == 4 && parts[0] == "~1" && len(parts[1]) <= 32 && 9 <= len(parts[2]) && len(parts[2]) <= 11 && strings.Trim(parts[2], "0123456789") == ""
}

// wholeToken matches the token of a link wherever it is. The names of some files begin as
// one, such as app-1.2.1700000000.tar.gz.
var wholeToken = regexp.MustCompile(`1\.[A-Za-z0-9_-]{1,32}\.[0-9]{9,11}\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]{22}`)

// isLink reports whether s is a signed link, or has the token of one.
func isLink(s string) bool { return withoutToken(s) != s || wholeToken.MatchString(s) }
