package downloadview

import (
	"maps"
	"strings"
)

const (
	octetStream = "application/octet-stream"
	utf8Charset = "; charset=utf-8"
)

// TypeByName returns the media type for the extension of a file name or key,
// with charset=utf-8 for text, or "" if the extension is not known. It uses a
// table of its own, so the result is the same on every machine.
func TypeByName(name string) string {
	dot := len(name) - 1
	for dot >= 0 && name[dot] != '.' && name[dot] != '/' {
		dot--
	}
	if dot < 0 || name[dot] == '/' {
		return ""
	}
	ext := name[dot+1:]
	if t, ok := typeByExtension[ext]; ok {
		return t
	}
	return typeByExtension[strings.ToLower(ext)]
}

// BuiltInTypes returns the types that [TypeByName] knows. The caller may change them.
func BuiltInTypes() Types { return maps.Clone(Types(typeByExtension)) }

// Types are media types by extension. An extension is in lower case and without
// its first dot, such as "pkpass" or "tar.gz". A type that is not well formed
// is ignored. Text without a charset gets charset=utf-8.
type Types map[string]string

// byName returns the type for the longest extension of name that t has, else
// that of [TypeByName]. name is a file name or a key.
func (t Types) byName(name string) string {
	if len(t) == 0 {
		return TypeByName(name)
	}
	base := strings.ToLower(name[strings.LastIndexByte(name, '/')+1:])
	for {
		_, ext, ok := strings.Cut(base, ".")
		if !ok {
			return TypeByName(name)
		}
		if own := t[ext]; isMediaType(own) {
			return withCharset(own)
		}
		base = ext
	}
}

// withCharset adds the charset to a text type without one.
func withCharset(contentType string) string {
	if len(contentType) < 5 || !strings.EqualFold(contentType[:5], "text/") {
		return contentType
	}
	if t, _ := parseMediaType(contentType); t.charset {
		return contentType
	}
	return strings.TrimRight(contentType, "; \t") + utf8Charset
}

// isMeaningless reports whether a stored type says no more than "bytes".
func isMeaningless(contentType string) bool {
	t, _, _ := strings.Cut(contentType, ";")
	t = strings.ToLower(strings.TrimSpace(t))
	return t == "" || t == octetStream || t == "binary/octet-stream"
}
