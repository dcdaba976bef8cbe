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
	if _, params, ok := strings.Cut(contentType, ";"); ok && strings.Contains(strings.ToLower(params), "charset") {
		return contentType
	}
	return contentType + utf8Charset
}

// isMeaningless tells whether a stored type says no more than "bytes".
func isMeaningless(contentType string) bool {
	t, _, _ := strings.Cut(contentType, ";")
	t = strings.ToLower(strings.TrimSpace(t))
	return t == "" || t == octetStream || t == "binary/octet-stream"
}

// isActive tells whether a browser that displays the type may run script from
// it with the rights of the site. What can't be read as a type counts as such.
func isActive(contentType string) bool {
	t, _, _ := strings.Cut(contentType, ";")
	t = strings.ToLower(strings.TrimSpace(t))
	kind, sub, ok := strings.Cut(t, "/")
	switch {
	case !ok, kind == "", sub == "", kind == "multipart", kind == "message":
		return true
	case strings.HasSuffix(sub, "+xml"), sub == "xml", sub == "html", sub == "xsl":
		return true
	}
	return kind == "text" && sub != "plain" && sub != "csv" && sub != "calendar" && sub != "css" &&
		sub != "markdown" && sub != "vcard" && sub != "vtt" && sub != "javascript" && sub != "tab-separated-values"
}
