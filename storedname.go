package downloadview

import (
	"mime"
	"net/url"
	"strings"
	"unicode/utf8"
)

// nameIn returns the file name in a stored Content-Disposition, or "". Stores
// keep any text that they were given, and browsers read it leniently. So names
// are found too that are not quoted, that are there twice, or that have no type
// before them.
func nameIn(disposition string) string {
	if disposition == "" || hasControl(disposition) {
		return ""
	}
	if _, params, err := mime.ParseMediaType(disposition); err == nil {
		if name := params["filename"]; name != "" && utf8.ValidString(name) && !hasControl(name) {
			return decodedWords(name)
		}
	}
	var name, extended string
	for params := (parameters{rest: disposition}); params.rest != ""; {
		key, value, _ := strings.Cut(params.cut(), "=")
		value = strings.Trim(value, " ")
		switch key = lastWord(key); {
		case strings.EqualFold(key, "filename") && name == "":
			name = decodedWords(toUTF8(unquoted(value)))
		case strings.EqualFold(key, "filename*") && extended == "":
			extended = extendedValue(unquoted(value))
		}
	}
	if extended != "" {
		return extended
	}
	return name
}

// parameters are those of a field that have not been cut yet.
type parameters struct {
	rest     string
	unclosed bool // there was a quote without an end; then none behind it has one
}

// cut cuts the rest at its first semicolon outside quotes, and returns what is before it.
// A quote that is not closed doesn't count.
func (p *parameters) cut() string {
	s := p.rest
	for i := 0; i < len(s); i++ {
		switch s[i] {
		case ';':
			p.rest = s[i+1:]
			return s[:i]
		case '"':
			if p.unclosed {
				continue
			}
			n := quotedLength(s[i:])
			p.unclosed = n == 0
			i += max(n-1, 0)
		}
	}
	p.rest = ""
	return s
}

// quotedLength returns the length of the quoted string at the beginning of s,
// or 0 if it has no end.
func quotedLength(s string) int {
	for i := 1; i < len(s); i++ {
		switch s[i] {
		case '"':
			return i + 1
		case '\\':
			i++
		}
	}
	return 0
}

// lastWord returns what follows the last space or comma, because a parameter
// may follow the type, or another field, without a semicolon.
func lastWord(s string) string {
	s = strings.TrimRight(s, " ")
	return s[strings.LastIndexAny(s, " ,")+1:]
}

// unquoted returns the value of a parameter without its quotes and without what
// follows them. A backslash escapes only a quote or a backslash; any other
// backslash belongs to a path.
func unquoted(s string) string {
	if !strings.HasPrefix(s, `"`) {
		return s
	}
	n := quotedLength(s)
	if n == 0 {
		return s[1:]
	}
	return strings.NewReplacer(`\"`, `"`, `\\`, `\`).Replace(s[1 : n-1])
}

// extendedValue decodes charset'language'value (RFC 8187). It is "" if s has
// another form.
func extendedValue(s string) string {
	charset, rest, _ := strings.Cut(s, "'")
	_, encoded, ok := strings.Cut(rest, "'")
	if !ok {
		return ""
	}
	plain, err := url.PathUnescape(encoded)
	switch {
	case err != nil, hasControl(plain):
		return ""
	case strings.EqualFold(charset, "iso-8859-1"):
		return fromLatin1(plain)
	case !utf8.ValidString(plain):
		return ""
	}
	return plain
}

// decodedWords decodes =?utf-8?B?…?= (RFC 2047). That form is for mail and not
// allowed in this field, but stores have it.
func decodedWords(s string) string {
	if !strings.Contains(s, "=?") {
		return s
	}
	plain, err := new(mime.WordDecoder).DecodeHeader(s)
	if err != nil || hasControl(plain) || !utf8.ValidString(plain) {
		return s
	}
	return plain
}

// toUTF8 converts a text that is not UTF-8, as if it were ISO 8859-1.
func toUTF8(s string) string {
	if utf8.ValidString(s) {
		return s
	}
	return fromLatin1(s)
}

func fromLatin1(s string) string {
	runes := make([]rune, len(s))
	for i := range len(s) {
		runes[i] = rune(s[i])
	}
	return string(runes)
}
