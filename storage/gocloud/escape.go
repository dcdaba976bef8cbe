package gocloud

import (
	"fmt"
	"os"
	"strconv"
	"strings"
)

// escapeKey returns the path under which fileblob stores key, as fileblob
// documents it. Characters that a file system may refuse, and slashes that it
// would resolve, are written in hex. So is the first character of text that
// already looks like such an escape.
func escapeKey(key string) string {
	runes := []rune(key)
	var b strings.Builder
	for i, r := range runes {
		_, _, isEscape := escapeAt(runes[i:])
		switch {
		case isEscape, mustEscape(runes, i):
			fmt.Fprintf(&b, "__%#x__", r)
		case r == '/':
			b.WriteByte(os.PathSeparator)
		default:
			b.WriteRune(r)
		}
	}
	return b.String()
}

func mustEscape(key []rune, i int) bool {
	const windows = os.PathSeparator == '\\'
	switch r := key[i]; {
	case r < 32, windows && strings.ContainsRune(`\<>:"|?*`, r):
		return true
	case r != '/':
		return false
	case i == len(key)-1, i > 0 && key[i-1] == '/':
		return true
	default:
		return i > 1 && key[i-1] == '.' && key[i-2] == '.'
	}
}

// unescapeKey reverses escapeKey.
func unescapeKey(path string) string {
	if !strings.Contains(path, "__0x") && os.PathSeparator == '/' {
		return path
	}
	runes := []rune(strings.ReplaceAll(path, string(os.PathSeparator), "/"))
	var b strings.Builder
	for i := 0; i < len(runes); i++ {
		if r, n, ok := escapeAt(runes[i:]); ok {
			b.WriteRune(r)
			i += n - 1
		} else {
			b.WriteRune(runes[i])
		}
	}
	return b.String()
}

// escapeAt returns the character that is written in hex, such as "__0x2f__", at
// the beginning of s, and the length of the escape.
func escapeAt(s []rune) (r rune, n int, ok bool) {
	const begin = "__0x"
	if len(s) < len(begin) || string(s[:len(begin)]) != begin {
		return 0, 0, false
	}
	end := len(begin)
	for end < len(s) && s[end] != '_' {
		end++
	}
	if end+1 >= len(s) || s[end+1] != '_' {
		return 0, 0, false
	}
	code, err := strconv.ParseInt(string(s[len(begin):end]), 16, 32)
	return rune(code), end + 2, err == nil
}
