package downloadview

import (
	"strings"
	"unicode/utf8"
)

// A Disposition says what a browser does with a download.
type Disposition int

const (
	// Attachment is saved. A script (JavaScript, WebAssembly) is sent as
	// application/octet-stream, so that no page can run it.
	Attachment Disposition = iota
	// Inline is shown if its type is known to run nothing in the site's name,
	// such as PDF, plain text, images other than SVG, audio and video. The rest
	// is saved: HTML, SVG, XML, scripts, and types that nobody knows.
	Inline
	// InlineActive is shown whatever the type. A type that Inline would have
	// saved gets the header Content-Security-Policy: sandbox, beside policies
	// that the view or a handler outside has set.
	InlineActive
)

// A Renamer changes names of downloads, such as to what every system can save.
// Several goroutines use it.
type Renamer interface {
	// Rename returns the name that stands for name. It may be asked of any text.
	Rename(name string) string
}

// shown tells whether a file of a type is to be displayed.
func (d Disposition) shown(contentType string) bool {
	return d == InlineActive || d == Inline && isHarmless(contentType)
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
	var stack [512]byte // most names fit, and then the string is the one allocation
	b := append(stack[:0], kind...)
	b = append(b, `; filename="`...)
	exact := true
	for _, c := range []byte(name) {
		if c >= utf8.RuneSelf || c == '"' || c == '%' {
			exact = false
			if !utf8.RuneStart(c) {
				continue
			}
			c = '_'
		}
		b = append(b, c)
	}
	b = append(b, '"')
	if exact {
		return string(b)
	}
	b = append(b, `; filename*=UTF-8''`...)
	const hex = "0123456789ABCDEF"
	for _, c := range []byte(name) {
		if isAttrChar[c] {
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
	for i := range len(name) {
		if !isPlainChar[name[i]] {
			return false
		}
	}
	return name != "" && name != "." && name != ".." && len(name) <= longestName
}

// fileName makes a file name of any text: no separators, no control characters,
// none that turn the direction of writing (they make "gpj.exe" of "exe.jpg"),
// valid UTF-8, not too long, and never empty.
func fileName(name string) string {
	for _, c := range name {
		if isLetter := c >= 0xa0 && c < 0x600 || c > 0x2069 && c < utf8.RuneError; !isLetter && inFileName(c) != c {
			name = strings.Map(inFileName, name)
			break
		}
	}
	if len(name) > longestName {
		name = shortened(name)
	}
	if name == "" || name == "." || name == ".." {
		return "download"
	}
	return name
}

// inFileName returns what stands for c in a file name, -1 for nothing.
func inFileName(c rune) rune {
	switch {
	case c == '/', c == '\\', c == utf8.RuneError:
		return '_'
	case c >= ' ' && c < 0x7f:
		return c
	case c < 0xa0, c >= 0x202a && c <= 0x202e, c >= 0x2066 && c <= 0x2069,
		c == 0x200e, c == 0x200f, c == 0x061c, c == 0x2028, c == 0x2029:
		return -1
	}
	return c
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

// isPlainChar is what can stand in a quoted file name as it is.
var isPlainChar = func() (is [256]bool) {
	for c := byte(' '); c <= '~'; c++ {
		is[c] = strings.IndexByte(`"%\/`, c) < 0
	}
	return is
}()

// isAttrChar is attr-char of RFC 8187, 3.2.1.
var isAttrChar = func() (is [256]bool) {
	for c := range is {
		b := byte(c)
		is[c] = b >= 'a' && b <= 'z' || b >= 'A' && b <= 'Z' || b >= '0' && b <= '9' ||
			strings.IndexByte("!#$&+-.^_`|~", b) >= 0
	}
	return is
}()
