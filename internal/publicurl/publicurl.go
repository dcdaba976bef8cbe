// Package publicurl makes the public URLs of files.
package publicurl

import (
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"strings"
)

// Of returns the URL of key below base, as downloadview.URLer says. base may
// end in a slash or not; its query and fragment are dropped. If base is nil, or
// if key has empty or dot segments, which browsers and servers resolve, the
// error is [errors.ErrUnsupported].
func Of(base *url.URL, key string) (string, error) {
	if base == nil {
		return "", failure(key, "the storage has no base URL")
	}
	for segment := range strings.SplitSeq(key, "/") {
		if segment == "" || segment == "." || segment == ".." {
			return "", failure(key, "the key has an empty or dot segment, which clients would resolve")
		}
	}
	// S3, and other stores, read a plus sign in a path as a space.
	below := strings.ReplaceAll((&url.URL{Path: key}).EscapedPath(), "+", "%2B")
	u := *base
	u.RawQuery, u.ForceQuery, u.Fragment, u.RawFragment = "", false, "", ""
	u.RawPath = strings.TrimSuffix(base.EscapedPath(), "/") + "/" + below
	u.Path = strings.TrimSuffix(base.Path, "/") + "/" + key
	return u.String(), nil
}

func failure(key, why string) error {
	return &fs.PathError{Op: "url", Path: key, Err: fmt.Errorf("%w: %s", errors.ErrUnsupported, why)}
}
