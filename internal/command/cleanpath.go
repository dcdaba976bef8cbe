package command

import (
	"net/http"
	"strings"
)

// isClean reports whether a path has no segment that is empty, "." or "..".
func isClean(path string) bool {
	if strings.Contains(path, "//") {
		return false
	}
	return !strings.Contains(path, "/.") || // true for most paths; isClean runs for each request
		!strings.Contains(path+"/", "/./") && !strings.Contains(path+"/", "/../")
}

// cleanPath returns an absolute path without its segments that are empty or ".". A
// slash at the end stays. It returns false for a path that isn't absolute, and for one
// with a segment "..", which browsers never send.
func cleanPath(path string) (string, bool) {
	if !strings.HasPrefix(path, "/") {
		return path, false
	}
	if isClean(path) {
		return path, true
	}
	var kept []string
	folder := false
	for segment := range strings.SplitSeq(path[1:], "/") {
		folder = segment == "" || segment == "."
		switch {
		case segment == "..":
			return path, false
		case !folder:
			kept = append(kept, segment)
		}
	}
	clean := "/" + strings.Join(kept, "/")
	if folder && len(kept) > 0 {
		clean += "/"
	}
	return clean, true
}

// redirectToClean redirects a client to the clean path of its request. The location is
// relative, so that it stays on this host, and below the path at which a proxy serves
// the application.
func redirectToClean(w http.ResponseWriter, r *http.Request, clean string) {
	// Clients remove the segments "." themselves, but keep empty segments.
	depth := -1
	for segment := range strings.SplitSeq(strings.TrimPrefix(r.URL.EscapedPath(), "/"), "/") {
		if strings.ReplaceAll(strings.ToLower(segment), "%2e", ".") != "." {
			depth++
		}
	}
	if strings.HasSuffix(r.URL.Path, "/.") { // a client removes the dot, and keeps the slash
		depth++
	}
	var location strings.Builder
	if depth == 0 {
		location.WriteString("./")
	}
	for range depth {
		location.WriteString("../")
	}
	for i, segment := range strings.Split(clean[1:], "/") {
		if i > 0 {
			location.WriteByte('/')
		}
		location.WriteString(escapeName(segment))
	}
	redirect(w, location.String())
}
