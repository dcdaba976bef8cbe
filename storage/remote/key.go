package remote

import (
	"io/fs"
	"net/url"
	"strings"
)

// A keyError is fs.ErrInvalid with the reason as its text.
type keyError string

func (e keyError) Error() string        { return string(e) }
func (e keyError) Is(target error) bool { return target == fs.ErrInvalid }

// checkKey returns the reason why key can't be that of a file below a base, or
// nil. It checks the key after decoding it as often as possible, because
// origins, and proxies in front of them, may decode more than once.
func checkKey(key string) error {
	plain := decoded(key)
	if strings.IndexByte(plain, 0) >= 0 {
		return keyError("NUL is not allowed")
	}
	for segment := range strings.SplitSeq(plain, "/") {
		if segment == "" {
			return keyError("empty segments, and slashes at the beginning or end, are not allowed")
		}
		for part := range strings.SplitSeq(segment, `\`) {
			if name, _, _ := strings.Cut(part, ";"); name == "." || name == ".." {
				return keyError(`dot segments ("." and "..") are not allowed`)
			}
		}
	}
	return nil
}

// decoded removes percent-encoding until none is left, in one pass: a decoded
// character may be the end of another escape.
func decoded(key string) string {
	if !strings.Contains(key, "%") {
		return key
	}
	out := make([]byte, 0, len(key))
	for i := range len(key) {
		out = append(out, key[i])
		for n := len(out); n >= 3 && out[n-3] == '%'; n = len(out) {
			high, low := hexDigit(out[n-2]), hexDigit(out[n-1])
			if high < 0 || low < 0 {
				break
			}
			out = append(out[:n-3], byte(high<<4|low))
		}
	}
	return string(out)
}

func hexDigit(c byte) int { return strings.IndexByte("0123456789abcdef", c|0x20) }

// escaped returns key as the path of a URL. It also escapes plus signs, which
// many origins treat as spaces.
func escaped(key string) string {
	segments := strings.Split(key, "/")
	for i, s := range segments {
		segments[i] = strings.ReplaceAll(url.PathEscape(s), "+", "%2B")
	}
	return strings.Join(segments, "/")
}
