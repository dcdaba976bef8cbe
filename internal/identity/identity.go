// Package identity makes unique names for objects of stores.
package identity

import (
	"net/url"
	"strings"
)

// Of returns the name of an object. store is the URL of its bucket or
// container, without secrets; version is "" for any version. Different objects
// have different names. The name can be used in a header field.
func Of(store, key, version string) string {
	id := store + "/" + escaped(key)
	if version != "" {
		id += "#" + escaped(version)
	}
	return id
}

// escaped is called for each hand-over. It is fast for most keys, which have
// nothing to escape except slashes, and those stay.
func escaped(s string) string {
	for i := range len(s) {
		if c := s[i]; !(c >= '-' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c == '_') {
			return strings.ReplaceAll(url.PathEscape(s), "%2F", "/")
		}
	}
	return s
}

// Store returns the URL of the bucket, from the URL of the object with the
// given key, such as a signed URL; "" if it isn't such a URL.
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
