package middleware

import (
	"net/netip"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// A link is all that is signed, but for the key id.
type link struct {
	kind, host                     string
	path                           string // of a prefix, it ends in "/"
	notBefore, expiry, times       string // decimal; notBefore and times may be ""
	name, disposition, network, id string
	query                          string // encoded
	session, version               string

	claim *claim // nil unless the link has been verified and has times
}

// The kinds of links.
const (
	kindFile   = "file"
	kindPrefix = "prefix"
)

const (
	macLen      = 22 // characters of base64url: 132 bits
	longestDate = 11 // digits; the year 5138
	longestText = 4096
)

// canonical appends the text that is signed.
func (g *link) canonical(b []byte, keyID string) []byte {
	b = append(b, "downloadview link 1\n"...)
	for _, field := range [...]string{
		keyID, "read", g.host, g.kind, g.path, g.notBefore, g.expiry, g.name, g.disposition,
		g.network, g.times, g.id, g.query, g.session, g.version,
	} {
		if field == "" { // most are
			b = append(b, "0:\n"...)
			continue
		}
		b = appendNumber(b, len(field))
		b = append(b, ':')
		b = append(b, field...)
		b = append(b, '\n')
	}
	return b
}

// appendNumber is faster than strconv for lengths of most fields.
func appendNumber(b []byte, n int) []byte {
	switch {
	case n < 10:
		return append(b, '0'+byte(n))
	case n < 100:
		return append(b, '0'+byte(n/10), '0'+byte(n%10))
	}
	return strconv.AppendInt(b, int64(n), 10)
}

// claimOrder has the letters of claims in the order of their text.
const claimOrder = "hbndwtiqp"

// claims are the values behind the letters of claimOrder; "" is not set.
type claims [len(claimOrder)]string

const (
	claimHost = iota
	claimNotBefore
	claimName
	claimDisposition
	claimNetwork
	claimTimes
	claimID
	claimQuery
	claimPrefix
)

func (c *claims) text() []byte {
	var b []byte
	for i, value := range c {
		if value != "" {
			b = append(b, claimOrder[i])
			b = strconv.AppendInt(b, int64(len(value)), 10)
			b = append(b, ':')
			b = append(b, value...)
		}
	}
	return b
}

// parse reads text. There is one text for each set of claims; any other is refused.
func (c *claims) parse(text string) bool {
	last := -1
	for text != "" {
		i := strings.IndexByte(claimOrder, text[0])
		digits, rest, ok := strings.Cut(text[1:], ":")
		n, isNumber := number(digits, 4)
		if i <= last || !ok || !isNumber || n == 0 || n > int64(len(rest)) {
			return false
		}
		c[i], text = rest[:n], rest[n:]
		last = i
	}
	return last >= 0 && c.valid()
}

// valid reports whether each claim is one that is signed.
func (c *claims) valid() bool {
	if c[claimHost] != "" && c[claimHost] != "1" {
		return false
	}
	if v := c[claimNotBefore]; v != "" {
		if _, ok := number(v, longestDate); !ok {
			return false
		}
	}
	switch c[claimDisposition] {
	case "", "attachment", "inline":
	default:
		return false
	}
	if v := c[claimNetwork]; v != "" {
		if p, err := netip.ParsePrefix(v); err != nil || p.Masked().String() != v {
			return false
		}
	}
	if v := c[claimTimes]; v != "" {
		if n, ok := number(v, 9); !ok || n == 0 {
			return false
		}
	}
	if v := c[claimPrefix]; v != "" {
		if n, ok := number(v, 4); !ok || n == 0 || c[claimName] != "" || c[claimTimes] != "" || c[claimQuery] != "" {
			return false
		}
	}
	return isText(c[claimName]) && isText(c[claimID])
}

// number reads a decimal number as strconv writes it.
func number(s string, most int) (n int64, ok bool) {
	if s == "" || len(s) > most || s[0] == '0' && len(s) > 1 {
		return 0, false
	}
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return 0, false
		}
		n = n*10 + int64(s[i]-'0')
	}
	return n, true
}

// isText reports whether s can be a name or an id.
func isText(s string) bool {
	return len(s) <= 255 && utf8.ValidString(s) && !strings.ContainsFunc(s, func(c rune) bool { return c < ' ' || c == 0x7f })
}

// A token is what makes a URL a link, in its parts.
type token struct{ keyID, expiry, claims, mac string }

func parseToken(s string) (t token, ok bool) {
	if len(s) > longestText {
		return token{}, false
	}
	s, ok = strings.CutPrefix(s, "1.")
	t.keyID, s = cutDot(s)
	t.expiry, s = cutDot(s)
	t.claims, t.mac = cutDot(s)
	_, isDate := number(t.expiry, longestDate)
	return t, ok && isDate && isKeyID(t.keyID) && t.claims != "" && isBase64URL(t.claims) && len(t.mac) == macLen && isBase64URL(t.mac)
}

func cutDot(s string) (before, after string) {
	if i := strings.IndexByte(s, '.'); i >= 0 {
		return s[:i], s[i+1:]
	}
	return s, ""
}

// isBase64URL reports whether s has only characters of base64url.
func isBase64URL(s string) bool {
	for i := range len(s) {
		if !base64URLChars[s[i]] {
			return false
		}
	}
	return true
}

var base64URLChars = func() (is [256]bool) {
	for _, c := range []byte("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_") {
		is[c] = true
	}
	return is
}()

// unambiguous reports whether all read u's path in the same way.
func unambiguous(u *url.URL) bool {
	p := u.Path
	if p == "" || p[0] != '/' || u.Opaque != "" || strings.IndexByte(p, '\\') >= 0 || strings.IndexByte(p, 0) >= 0 || strings.Contains(p, "//") {
		return false
	}
	if strings.IndexByte(p, '~') >= 0 && strings.Contains(p[1:], pathMark) { // a token that is not at the beginning, or a second one
		return false
	}
	if strings.Contains(p, "/.") {
		for segment := range strings.SplitSeq(p, "/") {
			if segment == "." || segment == ".." {
				return false
			}
		}
	}
	raw := u.RawPath
	if raw == "" { // that of EscapedPath, which escapes no ";"
		return !strings.Contains(p, ";")
	}
	return !strings.Contains(raw, ";") && strings.Count(raw, "/") == strings.Count(p, "/")
}

// unescaped returns s as in a form, or as it is where it is malformed.
func unescaped(s string) string {
	if strings.IndexByte(s, '%') < 0 && strings.IndexByte(s, '+') < 0 {
		return s
	}
	if plain, err := url.QueryUnescape(s); err == nil {
		return plain
	}
	return s
}

// signedQuery returns the parameters of raw that names, the claim, has, encoded.
// Each has to be there.
func signedQuery(raw, names string) (encoded string, ok bool) {
	all, _ := url.ParseQuery(raw) // what is malformed was not signed
	signed := url.Values{}
	for name := range strings.SplitSeq(names, "&") {
		name = unescaped(name)
		values := all[name]
		if len(values) == 0 || name == tokenParam {
			return "", false
		}
		signed[name] = values
	}
	return signed.Encode(), queryNames(signed) == names
}

// queryNames returns the claim for parameters.
func queryNames(v url.Values) string {
	var names []string
	for name := range v {
		names = append(names, name)
	}
	slices.Sort(names)
	for i, name := range names {
		names[i] = url.QueryEscape(name)
	}
	return strings.Join(names, "&")
}

// seconds returns a time for a link, "" for the zero one.
func seconds(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return strconv.FormatInt(t.Unix(), 10)
}
