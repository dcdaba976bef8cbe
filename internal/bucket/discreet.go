package bucket

import (
	"errors"
	"net/url"
	"strconv"
	"strings"
)

// longestText is the longest text of an error, in bytes.
const longestText = 4 << 10

// discreet returns err with a text in which the URLs of requests have neither
// userinfo nor query. They may be secret: a client of Azure may have a shared access
// signature in its URL, and a redirect may lead to a signed one. The errors of
// net/http have the whole URL, and end up in the log. A long text is cut: errors of
// the SDKs may have the whole page that a proxy has sent.
func discreet(err error) error {
	text := err.Error()
	shown := text
	for e, ok := errors.AsType[*url.Error](err); ok; e, ok = errors.AsType[*url.Error](e.Err) {
		shown = strings.ReplaceAll(shown, strconv.Quote(e.URL), strconv.Quote(withoutSecrets(e.URL)))
	}
	if len(shown) > longestText {
		shown = strings.ToValidUTF8(shown[:longestText], "") + "…"
	}
	if shown == text {
		return err
	}
	return &discreetError{shown, err}
}

func withoutSecrets(s string) string {
	u, err := url.Parse(s)
	if err != nil {
		return "a URL"
	}
	u.User, u.RawQuery, u.ForceQuery, u.Fragment, u.RawFragment = nil, "", false, "", ""
	return u.String()
}

// A discreetError is err with another text.
type discreetError struct {
	text string
	err  error
}

func (e *discreetError) Error() string { return e.text }
func (e *discreetError) Unwrap() error { return e.err }
