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
	longestDate = 11 // digits; the year 5138
	longestText = 4096
)

// canonical appends the text that is signed.
func (g *link) canonical(b []byte, keyID string) []byte {
	return g.appendFields(appendOpening(b, keyID))
}

// appendOpening appends the beginning of the text, which all links of a key have.
func appendOpening(b []byte, keyID string) []byte {
	b = append(b, "downloadview link 1\n"...)
	b = append(strconv.AppendInt(b, int64(len(keyID)), 10), ':')
	b = append(b, keyID...)
	return append(b, "\n4:read\n"...)
}

// appendFields appends the rest of the text.
func (g *link) appendFields(b []byte) []byte {
	for _, field := range [...]*string{
		&g.host, &g.kind, &g.path, &g.notBefore, &g.expiry, &g.name, &g.disposition,
		&g.network, &g.times, &g.id, &g.query, &g.session, &g.version,
	} {
		switch n := len(*field); { // faster than strconv for most
		case n == 0:
			b = append(b, "0:\n"...)
			continue
		case n < 10:
			b = append(b, '0'+byte(n), ':')
		case n < 100:
			b = append(b, '0'+byte(n/10), '0'+byte(n%10), ':')
		default:
			b = append(strconv.AppendInt(b, int64(n), 10), ':')
		}
		b = append(b, *field...)
		b = append(b, '\n')
	}
	return b
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
	if text == "" {
		return false
	}
	for i := 0; text != ""; i++ {
		for i < len(claimOrder) && claimOrder[i] != text[0] {
			i++
		}
		n, colon := 0, 1
		for colon < len(text) && colon <= 4 && '0' <= text[colon] && text[colon] <= '9' {
			n = n*10 + int(text[colon]-'0')
			colon++
		}
		if i == len(claimOrder) || n == 0 || text[1] == '0' || colon == len(text) || text[colon] != ':' {
			return false
		}
		text = text[colon+1:]
		if n > len(text) {
			return false
		}
		c[i], text = text[:n], text[n:]
	}
	return c.valid()
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
	var all byte
	for i := range len(s) {
		all |= textBits[s[i]]
	}
	return len(s) <= 255 && all&isControl == 0 && (all&isHigh == 0 || utf8.ValidString(s))
}

const (
	isControl = 1 << iota // of ASCII
	isHigh                // not of ASCII
)

// textBits has the kind of each byte. It is read for each byte of a name, and a table is
// faster than comparisons.
var textBits = func() (bits [256]byte) {
	for c := range bits {
		switch {
		case c < ' ', c == 0x7f:
			bits[c] = isControl
		case c >= utf8.RuneSelf:
			bits[c] = isHigh
		}
	}
	return bits
}()

// A token is what makes a URL a link, in its parts.
type token struct {
	keyID, expiry, claims, mac string
	expires                    int64         // that expiry stands for
	sum                        [macSize]byte // that mac stands for
}

// parseToken does not look at the characters of the claims.
func parseToken(s string) (t token, ok bool) {
	if len(s) > longestText {
		return token{}, false
	}
	s, ok = strings.CutPrefix(s, "1.")
	t.keyID, s = cutDot(s)
	t.expiry, s = cutDot(s)
	n := len(s) - macLen - 1
	if !ok || n <= 0 || s[n] != '.' {
		return token{}, false
	}
	t.claims, t.mac = s[:n], s[n+1:]
	var isDate bool
	t.expires, isDate = number(t.expiry, longestDate)
	return t, decodeBase64URL(t.sum[:], t.mac) && isDate && isKeyID(t.keyID)
}

// cutDot is for short texts before the dot.
func cutDot(s string) (before, after string) {
	for i := range len(s) {
		if s[i] == '.' {
			return s[:i], s[i+1:]
		}
	}
	return s, ""
}

// unambiguous reports whether all read u's path in the same way.
func unambiguous(u *url.URL) bool {
	p, raw := u.Path, u.RawPath
	if p == "" || p[0] != '/' || u.Opaque != "" {
		return false
	}
	begin := 1 // of the segment
	for i := 1; i < len(p); i++ {
		switch p[i] {
		case '/':
			if i == begin || !isPlainSegment(p[begin:i], begin) {
				return false
			}
			begin = i + 1
		case '\\', 0:
			return false
		case ';': // which EscapedPath doesn't escape
			if raw == "" {
				return false
			}
		}
	}
	return isPlainSegment(p[begin:], begin) &&
		(raw == "" || !strings.ContainsAny(raw, ";#") && strings.Count(raw, "/") == strings.Count(p, "/"))
}

// isPlainSegment reports whether a segment of a path, which begins at the byte begin, goes
// to no other folder and has no token: one that is not at the beginning, or a second one.
func isPlainSegment(s string, begin int) bool {
	if s == "" || s[0] != '.' && s[0] != pathMark[1] {
		return true
	}
	return s != "." && s != ".." && (begin == 1 || !strings.HasPrefix(s, pathMark[1:]))
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
