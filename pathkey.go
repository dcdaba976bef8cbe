package downloadview

import (
	"fmt"
	"io/fs"
	"net/http"
	neturl "net/url"
	"path"
	"strings"
)

// PathKey returns a [StorageView] Key that takes what follows prefix in the path
// of the URL, under any router: PathKey("/media/") has the key "a/b.pdf" for
// "/media/a/b.pdf". The path is decoded once. Values that a router takes out of
// the path may still be percent-encoded, as those of chi, gin and echo.
//
// prefix begins and ends in a slash, isn't percent-encoded, and is that of the
// path as the handler sees it: below [http.StripPrefix] it has no more what was
// stripped. Another prefix panics. A request with another path is answered 500,
// since the handler is then mounted somewhere else.
func PathKey(prefix string) func(*http.Request) (string, error) {
	if !strings.HasPrefix(prefix, "/") || !strings.HasSuffix(prefix, "/") {
		panic(fmt.Sprintf("downloadview: PathKey(%q): want a path that begins and ends in a slash, such as %q", prefix, "/media/"))
	}
	return func(r *http.Request) (string, error) {
		p := r.URL.Path
		key, ok := strings.CutPrefix(p, prefix)
		switch {
		case ok:
			return key, nil
		case strings.HasPrefix(strings.TrimSuffix(path.Clean("/"+p), "/")+"/", prefix): // a router may match by the clean path
			return "", fmt.Errorf("path %q does not begin with %q: %w", p, prefix, fs.ErrNotExist)
		}
		return "", fmt.Errorf("path %q does not begin with %q, which PathKey was given; want the prefix of the path as the handler sees it", p, prefix)
	}
}

// wildcardKey returns the value of the wildcard "path". No value and no such
// wildcard in the pattern of the route is an error: every file would be missing.
func wildcardKey(r *http.Request) (string, error) {
	key := r.PathValue("path")
	if key == "" {
		if !hasWildcard(r.Pattern) {
			return "", fmt.Errorf(`the StorageView has no Key, and the pattern %q of the route has no wildcard "path"; `+
				`want a Key, such as downloadview.PathKey("/media/"), or with net/http a pattern such as "/media/{path...}"`, r.Pattern)
		}
		return "", nil
	}
	if raw := r.URL.RawPath; raw != "" && !strings.Contains(r.URL.Path, key) && strings.Contains(raw, key) {
		return neturl.PathUnescape(key) // chi takes it from the encoded path
	}
	return key, nil
}

// hasWildcard reports whether a route's pattern has the wildcard "path", as
// net/http ("{path...}") or chi ("{path}", "{path:.+}") write it.
func hasWildcard(pattern string) bool {
	for {
		_, rest, ok := strings.Cut(pattern, "{path")
		if !ok {
			return false
		}
		if rest != "" && strings.IndexByte("}.:", rest[0]) >= 0 {
			return true
		}
		pattern = rest
	}
}
