package accel

import "strings"

// escapedLen returns how long s gets when it is escaped.
func escapedLen(s string) int {
	n := len(s)
	for i := range len(s) {
		if !plain[s[i]] {
			n += 2
		}
	}
	return n
}

// escapeTo writes s with every byte percent-encoded, except for the slash and the
// unreserved characters of RFC 3986 (2.3): every other byte has a special meaning
// in some server or client.
func escapeTo(b *strings.Builder, s string) {
	const hex = "0123456789ABCDEF"
	for i := range len(s) {
		if c := s[i]; plain[c] {
			b.WriteByte(c)
		} else {
			b.Write([]byte{'%', hex[c>>4], hex[c&15]})
		}
	}
}

// plain says which bytes stand for themselves.
var plain = func() (t [256]bool) {
	for c := range len(t) {
		switch {
		case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9':
			t[c] = true
		}
	}
	for _, c := range []byte("-._~/") {
		t[c] = true
	}
	return t
}()

func hasControl(s string) bool { return strings.ContainsFunc(s, isControl) }
