package remote

import (
	"io/fs"
	"net/url"
	"strings"
)

// A keyError is fs.ErrInvalid with a reason instead of its text.
type keyError string

func (e keyError) Error() string        { return string(e) }
func (e keyError) Is(target error) bool { return target == fs.ErrInvalid }

// checkKey tells why key can't be that of a file below a base. It judges what
// is left when nothing can be decoded any more, since origins, and what stands
// before them, may decode more than once.
func checkKey(key string) error {
	plain := decoded(key)
	if strings.IndexByte(plain, 0) >= 0 {
		return keyError("a key has no NUL")
	}
	for segment := range strings.SplitSeq(plain, "/") {
		if segment == "" {
			return keyError("a key has no empty segment, and no slash at its ends")
		}
		for part := range strings.SplitSeq(segment, `\`) {
			if name, _, _ := strings.Cut(part, ";"); name == "." || name == ".." {
				return keyError("a key has no dot segment")
			}
		}
	}
	return nil
}

// decoded undoes percent-encoding until there is none, in one pass: an escape
// may end in what another one made.
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

// escaped returns key as the path of a URL. Plus signs are escaped as well,
// which many origins take for spaces.
func escaped(key string) string {
	segments := strings.Split(key, "/")
	for i, s := range segments {
		segments[i] = strings.ReplaceAll(url.PathEscape(s), "+", "%2B")
	}
	return strings.Join(segments, "/")
}
