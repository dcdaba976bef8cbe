package command

import (
	"net/http"
	"strings"
)

// isClean tells whether a path has no segment that is empty, "." or "..".
func isClean(path string) bool {
	if strings.Contains(path, "//") {
		return false
	}
	return !strings.Contains(path, "/.") || // as most paths, each of which is asked for here
		!strings.Contains(path+"/", "/./") && !strings.Contains(path+"/", "/../")
}

// cleanPath returns an absolute path without the segments that are empty or ".",
// and with the slash that it has at its end. False: it isn't absolute or has a
// segment "..", which no client sends that means well.
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

// redirectToClean sends a client to the clean path of what it asked for. The
// location is relative, so that it stays on this host and below the path where a
// proxy may have put the application.
func redirectToClean(w http.ResponseWriter, r *http.Request, clean string) {
	// A client takes the dots out itself, and leaves empty segments.
	depth := -1
	for segment := range strings.SplitSeq(strings.TrimPrefix(r.URL.EscapedPath(), "/"), "/") {
		if strings.ReplaceAll(strings.ToLower(segment), "%2e", ".") != "." {
			depth++
		}
	}
	if strings.HasSuffix(r.URL.Path, "/.") { // what is taken out leaves the slash before it
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
