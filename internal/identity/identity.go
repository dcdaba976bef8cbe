// Package identity names objects of stores.
package identity

import (
	"net/url"
	"strings"
)

// Of returns the name of an object: store, the URL of what it is in, without
// anything secret; key; and version, "" for whichever is there. No two objects
// have the same, and it can stand in a header field.
func Of(store, key, version string) string {
	id := store + "/" + escaped(key)
	if version != "" {
		id += "#" + escaped(version)
	}
	return id
}

// escaped is called for each hand-over. Most keys have nothing to escape but the
// slashes that stay.
func escaped(s string) string {
	for i := range len(s) {
		if c := s[i]; !(c >= '-' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c == '_') {
			return strings.ReplaceAll(url.PathEscape(s), "%2F", "/")
		}
	}
	return s
}

// Store returns where an object is by the URL of one with the given key, such as
// a signed one; "" where it is no such URL.
func Store(object, key string) string {
	u, err := url.Parse(object)
	if err != nil || u.Host == "" {
		return ""
	}
	u.User, u.RawQuery, u.Fragment = nil, "", ""
	store, ok := strings.CutSuffix(u.String(), "/"+key)
	if !ok {
		return ""
	}
	return store
}
