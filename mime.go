package downloadview

import "strings"

const (
	octetStream = "application/octet-stream"
	utf8Charset = "; charset=utf-8"
)

// TypeByName returns the media type for the extension of a file name or key,
// with charset=utf-8 for text, or "" where the extension is not known. It asks a
// table of its own, so that the answer is the same on every machine.
func TypeByName(name string) string {
	dot := strings.LastIndexByte(name, '.')
	if dot < 0 || strings.IndexByte(name[dot:], '/') >= 0 {
		return ""
	}
	ext := name[dot+1:]
	if t, ok := typeByExtension[ext]; ok {
		return t
	}
	return typeByExtension[strings.ToLower(ext)]
}

// withCharset completes a text type that doesn't say its charset.
func withCharset(contentType string) string {
	if len(contentType) < 5 || !strings.EqualFold(contentType[:5], "text/") {
		return contentType
	}
	if t, _ := parseMediaType(contentType); t.charset {
		return contentType
	}
	return strings.TrimRight(contentType, "; \t") + utf8Charset
}

// isMeaningless tells whether a stored type says no more than "bytes".
func isMeaningless(contentType string) bool {
	t, _, _ := strings.Cut(contentType, ";")
	t = strings.ToLower(strings.TrimSpace(t))
	return t == "" || t == octetStream || t == "binary/octet-stream"
}
