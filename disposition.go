package downloadview

import (
	"strings"
	"unicode/utf8"
)

// A Disposition says whether a browser saves or displays a download.
type Disposition int

const (
	// Attachment makes the browser save the file. A script (JavaScript,
	// WebAssembly) is sent as application/octet-stream, so that no page can run it.
	Attachment Disposition = iota
	// Inline makes the browser display the file if its type is known to run no
	// code with the site's rights, such as PDF, plain text, images other than SVG,
	// audio and video. Files of other types are saved: HTML, SVG, XML, scripts and
	// unknown types.
	Inline
	// InlineActive makes the browser display a file of any type. If Inline would
	// have saved the file, the answer gets the header Content-Security-Policy:
	// sandbox, in addition to policies that the view or an outer handler has set.
	InlineActive
)

// A Renamer changes the file names of downloads, for example to names that every
// system can save. It must be safe for concurrent use.
type Renamer interface {
	// Rename returns the name to use instead of name, which may be any text.
	Rename(name string) string
}

// shown reports whether a browser is asked to display a file of this type.
func (d Disposition) shown(contentType string) bool {
	return d == InlineActive || d == Inline && isHarmless(contentType)
}

// longestName is the longest name that file systems can hold, in bytes.
const longestName = 255

// The beginnings of a Content-Disposition.
const (
	attachment = `attachment; filename="`
	inline     = `inline; filename="`
)

// contentDisposition returns the value of Content-Disposition for a file name:
// begin and a quoted ASCII form that no browser decodes or splits, followed by the
// name itself if the two differ (RFC 6266, RFC 8187).
func contentDisposition(begin, name string) string {
	if isPlain(name) {
		var stack [len(attachment) + longestName + 1]byte // joining strings takes longer
		b := append(stack[:0], begin...)
		b = append(b, name...)
		return string(append(b, '"'))
	}
	if name == "" || name == "." || name == ".." || len(name) > longestName {
		return contentDisposition(begin, fileName(name))
	}
	return encodedDisposition(begin, name)
}

// encodedDisposition is contentDisposition of a name that is not plain.
func encodedDisposition(begin, name string) string {
	var stack [512]byte // most names fit; then the string is the only allocation
	b := append(stack[:0], begin...)
	for _, c := range name {
		switch {
		case c >= utf8.RuneSelf || !isPlainChar[c]:
			if inFileName(c) != c {
				return contentDisposition(begin, fileName(name))
			}
			c = '_'
		case c == '?' && b[len(b)-1] == '=':
			c = '_'
		}
		b = append(b, byte(c))
	}
	b = append(b, `"; filename*=UTF-8''`...)
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

// isPlain reports whether name can be quoted as it is and fileName would not
// change it. "=?" begins a word that is encoded for mail (RFC 2047), and Chromium
// decodes it.
func isPlain(name string) bool {
	for i := range len(name) {
		if c := name[i]; !isPlainChar[c] || c == '?' && i > 0 && name[i-1] == '=' {
			return false
		}
	}
	return name != "" && name != "." && name != ".." && len(name) <= longestName
}

// fileName turns any text into a file name: without separators, control characters
// and characters that change the direction of writing (they can show "exe.jpg" as
// "gpj.exe"); valid UTF-8, at most longestName bytes, and never empty.
func fileName(name string) string {
	name = strings.Map(inFileName, name)
	if len(name) > longestName {
		name = shortened(name)
	}
	if name == "" || name == "." || name == ".." {
		return "download"
	}
	return name
}

// inFileName returns the replacement for c in a file name, or -1 to remove c.
func inFileName(c rune) rune {
	switch {
	case c >= 0xa0 && c < 0x600, c > 0x2069 && c < utf8.RuneError: // nearly all letters
		return c
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

// isPlainChar holds the characters that need no change in a quoted file name.
var isPlainChar = func() (is [256]bool) {
	for c := byte(' '); c <= '~'; c++ {
		is[c] = strings.IndexByte(`"%\/`, c) < 0
	}
	return is
}()

// isAttrChar holds the characters of attr-char in RFC 8187, 3.2.1.
var isAttrChar = func() (is [256]bool) {
	for c := range is {
		b := byte(c)
		is[c] = b >= 'a' && b <= 'z' || b >= 'A' && b <= 'Z' || b >= '0' && b <= '9' ||
			strings.IndexByte("!#$&+-.^_`|~", b) >= 0
	}
	return is
}()
