package otel

import (
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"unicode/utf8"
)

// other stands for values that a client or a store may choose.
const other = "other"

// canceled is the status of what the client didn't wait for.
const canceled = "canceled"

// statusText returns a status as the value of an attribute.
func statusText(status int) string {
	if status < 100 || status > 599 {
		return other
	}
	return strconv.Itoa(status)
}

// methodText returns a method as the semantic conventions want it.
func methodText(method string) string {
	switch method {
	case http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodPatch,
		http.MethodDelete, http.MethodConnect, http.MethodOptions, http.MethodTrace:
		return method
	}
	return "_OTHER"
}

// operationOf returns what a request to a store does: "read", "stat", "list", "save",
// "delete" or "other".
func operationOf(r *http.Request) string {
	switch r.Method {
	case http.MethodGet:
		if isListing(r) {
			return "list"
		}
		return "read"
	case http.MethodHead:
		return "stat"
	case http.MethodPut, http.MethodPost:
		return "save"
	case http.MethodDelete:
		return "delete"
	}
	return other
}

// isListing reports whether r lists a bucket: of S3, Azure, Google or Swift.
func isListing(r *http.Request) bool {
	q := r.URL.RawQuery
	return q != "" && (strings.Contains(q, "list-type=2") || strings.Contains(q, "comp=list") ||
		strings.HasSuffix(r.URL.Path, "/o") && strings.HasPrefix(r.URL.Path, "/storage/v1/b/"))
}

const longestText = 300

var (
	userinfo = regexp.MustCompile(`://[^/?#\s"]*@`)
	query    = regexp.MustCompile(`\?[^\s"]*`)
)

// errorText returns the text of err without the queries and the users of URLs.
func errorText(err error) string {
	text := userinfo.ReplaceAllString(err.Error(), "://")
	text = query.ReplaceAllString(text, "?…")
	if len(text) <= longestText {
		return strings.ToValidUTF8(text, "�")
	}
	end := longestText
	for end > 0 && !utf8.RuneStart(text[end]) {
		end--
	}
	return strings.ToValidUTF8(text[:end], "�") + "…"
}
