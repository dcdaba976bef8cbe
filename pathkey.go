package downloadview

import (
	"fmt"
	"io/fs"
	"net/http"
	neturl "net/url"
	"path"
	"strings"
)

// PathKey returns a Key for [StorageView] that works under any router: the part
// of the URL's path after prefix. PathKey("/media/") returns "a/b.pdf" for
// "/media/a/b.pdf". The path is decoded once. The values of wildcards of a
// router may still be percent-encoded, such as those of chi and echo.
//
// prefix begins and ends with a slash and isn't percent-encoded. It is the
// prefix of the path that the handler sees: inside [http.StripPrefix], without
// the part that was stripped. Any other prefix panics. A request with another
// path is answered with 500, because the handler is then mounted at another
// place; or with 404 if the path would begin with prefix when it is cleaned, such
// as "//media/a.pdf".
func PathKey(prefix string) func(*http.Request) (string, error) {
	if !strings.HasPrefix(prefix, "/") || !strings.HasSuffix(prefix, "/") {
		panic(fmt.Sprintf("downloadview: PathKey(%q): want a path that begins and ends with a slash, such as %q", prefix, "/media/"))
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
		return "", fmt.Errorf("path %q does not begin with %q, the prefix of PathKey; want the prefix of the path that the handler sees", p, prefix)
	}
}

// wildcardKey returns the value of the wildcard "path". If the route has no
// such wildcard and the value is empty, that is an error: otherwise every file
// would be missing.
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

// hasWildcard reports whether the pattern of a route has the wildcard "path",
// as net/http ("{path...}") or chi ("{path}", "{path:.+}") write it.
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
