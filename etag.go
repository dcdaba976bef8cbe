package downloadview

import (
	"strconv"
	"strings"
	"time"
)

// settled is the least age at which a time of whole seconds identifies one version:
// the file may change twice within a second.
const settled = 2 * time.Second

// tag returns the entity tag of a file in this style, or "".
func (s TagStyle) tag(modTime time.Time, size int64, now time.Time) string {
	if !UsefulModTime(modTime) || size < 0 {
		return ""
	}
	if (s != NanosecondTag || modTime.Nanosecond() == 0) && now.Sub(modTime) < settled {
		return ""
	}
	b := make([]byte, 0, 40)
	b = append(b, '"')
	switch s {
	case NginxTag:
		b = strconv.AppendInt(b, modTime.Unix(), 16)
		b = append(b, '-')
		b = strconv.AppendInt(b, size, 16)
	case CaddyTag:
		b = strconv.AppendInt(b, modTime.Unix(), 36)
		b = strconv.AppendInt(b, size, 36)
	default:
		b = strconv.AppendInt(b, modTime.UnixNano(), 16)
		b = append(b, '-')
		b = strconv.AppendInt(b, size, 16)
	}
	b = append(b, '"')
	return string(b)
}

// cutTag splits the entity tag off the front of s (RFC 9110, 8.8.3). tag is "" if s
// doesn't begin with one.
func cutTag(s string) (tag, rest string) {
	start := 0
	if strings.HasPrefix(s, "W/") {
		start = 2
	}
	if len(s) <= start || s[start] != '"' {
		return "", s
	}
	for i := start + 1; i < len(s); i++ {
		switch c := s[i]; {
		case c == '"':
			return s[:i+1], s[i+1:]
		case c < 0x21 || c == 0x7f:
			return "", s
		}
	}
	return "", s
}

// isStrong reports whether s is one strong entity tag and nothing else.
func isStrong(s string) bool {
	tag, rest := cutTag(s)
	return tag != "" && rest == "" && tag[0] == '"'
}

func strongly(a, b string) bool { return a == b && a[0] == '"' }

func weakly(a, b string) bool {
	return strings.TrimPrefix(a, "W/") == strings.TrimPrefix(b, "W/")
}

// listed reports whether lines, which together are one list of entity tags, have a
// tag that is the same as etag. "*" matches every existing file. The rest of a
// line after a syntax error is ignored.
func listed(lines []string, etag string, same func(a, b string) bool) bool {
	for _, line := range lines {
		rest := strings.Trim(line, " \t")
		if rest == "*" {
			return true
		}
		for rest != "" {
			if rest[0] == ',' {
				rest = strings.TrimLeft(rest[1:], " \t")
				continue
			}
			var tag string
			if tag, rest = cutTag(rest); tag == "" {
				break
			}
			if etag != "" && same(tag, etag) {
				return true
			}
			rest = strings.TrimLeft(rest, " \t")
		}
	}
	return false
}
