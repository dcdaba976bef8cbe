package command

import (
	"log/slog"
	"net/http"
	"regexp"
	"strings"
	"unicode/utf8"
)

// longestReason is the most bytes of an error in the line about a request.
const longestReason = 300

// reason returns the message of err for the line about r, without secrets and cut to
// longestReason. The encoder of the line escapes the characters that could break it.
func reason(r *http.Request, err error) string {
	text := err.Error()
	if q := r.URL.RawQuery; q != "" {
		text = strings.ReplaceAll(text, "?"+q, "?"+hidden)
	}
	return cut(withoutSecrets(text), longestReason)
}

// cut returns s, or its beginning with an ellipsis in at most n bytes.
func cut(s string, n int) string {
	const ellipsis = "…"
	if len(s) <= n {
		return s
	}
	n -= len(ellipsis)
	for n > 0 && !utf8.RuneStart(s[n]) {
		n--
	}
	return s[:n] + ellipsis
}

// hidden replaces secrets.
const hidden = "xxxxx"

var (
	userinfo  = regexp.MustCompile(`://[^/?#\s"]*@`)
	queryText = regexp.MustCompile(`\?[^\s"?]*=[^\s"]*`)
	token     = regexp.MustCompile(`1\.[A-Za-z0-9_-]{1,32}\.[0-9]{9,11}\.[A-Za-z0-9_.-]*|\bdvn=[A-Za-z0-9_.-]+`)
	named     = regexp.MustCompile(`(?i)([a-z0-9_-]*(?:secret|token|passw|credential|signature|access_?key|account_?key|\bsig)[a-z0-9_-]*=)[^\s"&,;]+`)
)

// withoutSecrets returns text without queries, without the user and the password of a
// URL, without the tokens of links, and without the values of names such as "token=".
func withoutSecrets(text string) string {
	text = withoutTokens(text)
	if !strings.ContainsAny(text, "@=") {
		return text
	}
	text = userinfo.ReplaceAllString(text, "://"+hidden+"@")
	text = queryText.ReplaceAllString(text, "?"+hidden)
	return named.ReplaceAllString(text, "${1}"+hidden)
}

// withoutTokens returns text without the tokens of links.
func withoutTokens(text string) string {
	if !strings.Contains(text, "1.") && !strings.Contains(text, "dvn=") {
		return text
	}
	return token.ReplaceAllString(text, hidden)
}

// hideSecrets is the ReplaceAttr of the log's handlers. It removes secrets from errors,
// and tokens of links from paths.
func hideSecrets(_ []string, a slog.Attr) slog.Attr {
	switch a.Value.Kind() {
	case slog.KindAny:
		if err, ok := a.Value.Any().(error); ok {
			a.Value = slog.StringValue(withoutSecrets(err.Error()))
		}
	case slog.KindString:
		text := a.Value.String()
		if shown := withoutToken(text); shown != text {
			a.Value = slog.StringValue(shown)
		}
	}
	return a
}
