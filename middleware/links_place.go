package middleware

import (
	"crypto/sha256"
	"encoding/base64"
	"net/http"
	"net/url"
	"slices"
	"strings"
)

// A request has its token in the parameter dv, in the first segment of the path, or in
// a cookie.
const (
	tokenParam  = "dv"
	pathMark    = "/~1."
	cookieMark  = "__Host-dv-"
	mostCookies = 64
)

// tokenOf takes the token out of a raw query and counts how many there are.
func tokenOf(raw string) (token string, n int) {
	for raw != "" {
		var pair string
		pair, raw, _ = strings.Cut(raw, "&")
		value, ok := strings.CutPrefix(pair, tokenParam+"=")
		if !ok {
			var name string
			if name, value, _ = strings.Cut(pair, "="); unescaped(name) != tokenParam {
				continue
			}
		}
		token = unescaped(value)
		n++
	}
	return token, n
}

// cutToken takes the token out of a decoded path, if there is one: of
// "/~1.KEYID.EXPIRY.CLAIMS.MAC/videos/a" it returns "1.KEYID.EXPIRY.CLAIMS.MAC" and
// "/videos/a".
func cutToken(path string) (token, rest string, ok bool) {
	if !strings.HasPrefix(path, pathMark) {
		return "", path, false
	}
	token = path[len("/~"):]
	if i := strings.IndexByte(token, '/'); i >= 0 {
		return token[:i], token[i:], true
	}
	return token, "", true
}

// cutPrefix returns the beginning of path that has n slashes, and ends in one.
func cutPrefix(path string, n int64) (prefix string, ok bool) {
	for i := range len(path) {
		if path[i] == '/' {
			if n--; n == 0 {
				return path[:i+1], true
			}
		}
	}
	return "", false
}

// cookieName returns the name of the cookie for a prefix. Each prefix has its own, so
// that a browser can have several: they all have the path "/".
func cookieName(prefix string) string {
	sum := sha256.Sum256([]byte(prefix))
	return cookieMark + base64.RawURLEncoding.EncodeToString(sum[:6])
}

// A linkCookie is a cookie of a link. Its value is the token.
type linkCookie struct{ name, value string }

// appendCookies appends the cookies of links that a request has. It is not ok to have
// two of one name, or more than mostCookies.
func appendCookies(list []linkCookie, h http.Header) (_ []linkCookie, ok bool) {
	for _, line := range h["Cookie"] {
		for line != "" {
			var pair string
			pair, line, _ = strings.Cut(line, ";")
			pair = strings.Trim(pair, " \t")
			if !strings.HasPrefix(pair, cookieMark) {
				continue
			}
			name, value, _ := strings.Cut(pair, "=")
			if len(list) == mostCookies || slices.ContainsFunc(list, func(c linkCookie) bool { return c.name == name }) {
				return nil, false
			}
			list = append(list, linkCookie{name, value})
		}
	}
	return list, true
}

// withoutCookies returns the lines of Cookie without those of links.
func withoutCookies(lines []string) []string {
	var kept []string
	for _, line := range lines {
		var pairs []string
		for pair := range strings.SplitSeq(line, ";") {
			if pair = strings.Trim(pair, " \t"); pair != "" && !strings.HasPrefix(pair, cookieMark) {
				pairs = append(pairs, pair)
			}
		}
		if len(pairs) > 0 {
			kept = append(kept, strings.Join(pairs, "; "))
		}
	}
	return kept
}

// withoutLink returns r as if it had been asked without a link, with a decoded path and
// a query.
func withoutLink(r *http.Request, path, query string) *http.Request {
	clean := *r
	u := url.URL{Scheme: r.URL.Scheme, Host: r.URL.Host, Path: path, RawQuery: query}
	if strings.Contains(path, ";") { // bare, it would say to some servers behind a proxy that "..;" is ".."
		u.RawPath = escapedPath(path)
	}
	clean.URL = &u
	clean.RequestURI = u.RequestURI()
	clean.Form, clean.PostForm = nil, nil
	cookies := slices.ContainsFunc(r.Header["Cookie"], func(line string) bool { return strings.Contains(line, cookieMark) })
	referer := isLink(r.Header.Get("Referer"))
	if cookies || referer {
		clean.Header = r.Header.Clone()
	}
	if referer {
		clean.Header.Del("Referer")
	}
	if cookies {
		clean.Header["Cookie"] = withoutCookies(r.Header["Cookie"])
		if len(clean.Header["Cookie"]) == 0 {
			delete(clean.Header, "Cookie")
		}
	}
	return &clean
}

// isLink reports whether a Referer may be a link.
func isLink(referer string) bool {
	if referer == "" {
		return false
	}
	plain := unescaped(referer)
	return strings.Contains(referer, tokenParam+"=") || withoutTokens(plain) != plain
}

// withoutTokens returns text with "*" in place of the tokens in it, wherever they are.
// A regular expression would be slow where a stranger sends a long text.
func withoutTokens(text string) string {
	var kept strings.Builder
	for {
		i := strings.Index(text, "1.")
		if i < 0 {
			break
		}
		kept.WriteString(text[:i])
		text = text[i:]
		if n := tokenLength(text); n > 0 {
			kept.WriteByte('*')
			text = text[n:]
		} else {
			kept.WriteString("1.")
			text = text[len("1."):]
		}
	}
	if kept.Len() == 0 {
		return text
	}
	return kept.String() + text
}

// tokenLength returns how many bytes at the beginning of text have the form of a token,
// or 0.
func tokenLength(text string) int {
	rest, ok := strings.CutPrefix(text, "1.")
	for field, most := range [...]int{longestKeyID, longestDate, len(rest), macLen} {
		n := 0
		for n < len(rest) && n < most && base64URLBits[rest[n]] <= 63 {
			n++
		}
		rest = rest[n:]
		switch {
		case n == 0 || !ok:
			return 0
		case field == 3 && n == macLen:
			return len(text) - len(rest)
		case field == 3 || rest == "" || rest[0] != '.':
			return 0
		}
		rest = rest[1:]
	}
	return 0
}
