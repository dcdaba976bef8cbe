package downloadview

import (
	"strings"
	"unicode/utf8"
)

// A Disposition says what a browser does with a download.
type Disposition int

const (
	// Attachment is saved.
	Attachment Disposition = iota
	// Inline is shown, but for types that can run script in the site's name
	// (HTML, SVG, XML and such), which are saved.
	Inline
	// InlineActive is shown whatever the type. Types that can run script get
	// the header Content-Security-Policy: sandbox.
	InlineActive
)

// shown tells whether a file of a type is to be displayed.
func (d Disposition) shown(contentType string) bool {
	return d == InlineActive || d == Inline && !isActive(contentType)
}

// longestName is what file systems can hold, in bytes.
const longestName = 255

// contentDisposition returns the field for a file name: a quoted ASCII form
// that no browser decodes or splits, and, where that differs from the name, the
// name itself (RFC 6266, RFC 8187).
func contentDisposition(kind, name string) string {
	if isPlain(name) {
		return kind + `; filename="` + name + `"`
	}
	name = fileName(name)
	b := make([]byte, 0, len(kind)+4*len(name)+40)
	b = append(b, kind...)
	b = append(b, `; filename="`...)
	exact := true
	for _, c := range name {
		if c >= utf8.RuneSelf || c == '"' || c == '%' {
			c, exact = '_', false
		}
		b = append(b, byte(c))
	}
	b = append(b, '"')
	if exact {
		return string(b)
	}
	b = append(b, `; filename*=UTF-8''`...)
	const hex = "0123456789ABCDEF"
	for _, c := range []byte(name) {
		if isAttrChar(c) {
			b = append(b, c)
		} else {
			b = append(b, '%', hex[c>>4], hex[c&15])
		}
	}
	return string(b)
}

// isPlain tells whether name can stand in quotes as it is, and is a file name
// that fileName would not change.
func isPlain(name string) bool {
	for _, c := range []byte(name) {
		if c < ' ' || c > '~' || c == '"' || c == '%' || c == '\\' || c == '/' {
			return false
		}
	}
	return name != "" && name != "." && name != ".." && len(name) <= longestName
}

// fileName makes a file name of any text: no separators, no control characters,
// none that turn the direction of writing (they make "gpj.exe" of "exe.jpg"),
// valid UTF-8, not too long, and never empty.
func fileName(name string) string {
	name = strings.Map(func(c rune) rune {
		switch {
		case c < ' ', c >= 0x7f && c < 0xa0, c >= 0x202a && c <= 0x202e, c >= 0x2066 && c <= 0x2069,
			c == 0x200e, c == 0x200f, c == 0x061c, c == 0x2028, c == 0x2029:
			return -1
		case c == '/', c == '\\', c == utf8.RuneError:
			return '_'
		}
		return c
	}, name)
	if len(name) > longestName {
		name = shortened(name)
	}
	if name == "" || name == "." || name == ".." {
		return "download"
	}
	return name
}

// shortened cuts the middle out of a long name, so that its extension stays.
func shortened(name string) string {
	ext := name[max(strings.LastIndexByte(name, '.'), 0):]
	if len(ext) == len(name) || len(ext) > 20 {
		ext = ""
	}
	end := longestName - len(ext)
	for !utf8.RuneStart(name[end]) {
		end--
	}
	return name[:end] + ext
}

// isAttrChar is attr-char of RFC 8187, 3.2.1.
func isAttrChar(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' ||
		strings.IndexByte("!#$&+-.^_`|~", c) >= 0
}
