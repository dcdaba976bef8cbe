package downloadview

import "strings"

// A mediaType is what a value of Content-Type says.
type mediaType struct {
	name    string // type/subtype, as it is written
	charset bool   // it has that parameter
}

// parseMediaType reads a value of Content-Type exactly as RFC 9110, 8.3.1
// defines it. Browsers are lenient: they take the last type of a list, and end
// a type at a space. So a value that is almost a type may be another type for
// them.
func parseMediaType(s string) (t mediaType, ok bool) {
	kind := tokenIn(s)
	if kind == 0 || kind == len(s) || s[kind] != '/' {
		return mediaType{}, false
	}
	sub := tokenIn(s[kind+1:])
	if sub == 0 {
		return mediaType{}, false
	}
	end := kind + 1 + sub
	t.name = s[:end]
	for rest := s[end:]; rest != ""; {
		rest = strings.TrimLeft(rest, " \t")
		if rest == "" || rest[0] != ';' {
			return mediaType{}, false
		}
		rest = strings.TrimLeft(rest[1:], " \t")
		n := tokenIn(rest)
		if n == 0 {
			continue // a parameter may be missing
		}
		name := rest[:n]
		if rest = rest[n:]; rest == "" || rest[0] != '=' {
			return mediaType{}, false
		}
		rest = rest[1:]
		if n = tokenIn(rest); n == 0 {
			n = quotedIn(rest)
		}
		if n == 0 {
			return mediaType{}, false
		}
		rest = rest[n:]
		t.charset = t.charset || strings.EqualFold(name, "charset")
	}
	return t, true
}

// isMediaType reports whether s is a media type that can be sent as it is.
func isMediaType(s string) bool {
	_, ok := parseMediaType(s)
	return ok && !hasControl(s)
}

// tokenIn returns the length of the token at the beginning of s.
func tokenIn(s string) int {
	for i := range len(s) {
		if !isTokenChar[s[i]] {
			return i
		}
	}
	return len(s)
}

// quotedIn returns the length of the quoted string at the beginning of s, or 0
// if there is none.
func quotedIn(s string) int {
	if s == "" || s[0] != '"' {
		return 0
	}
	for i := 1; i < len(s); i++ {
		switch c := s[i]; {
		case c == '"':
			return i + 1
		case c == '\\' && i+1 < len(s):
			i++
			if c = s[i]; c < ' ' || c == 0x7f {
				return 0
			}
		case c < ' ' || c == 0x7f:
			return 0
		}
	}
	return 0
}

// isTokenChar is tchar of RFC 9110, 5.6.2.
var isTokenChar = func() (is [256]bool) {
	for c := range is {
		b := byte(c)
		is[c] = b >= 'a' && b <= 'z' || b >= 'A' && b <= 'Z' || b >= '0' && b <= '9' ||
			strings.IndexByte("!#$%&'*+-.^_`|~", b) >= 0
	}
	return is
}()
