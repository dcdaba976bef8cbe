package command

import (
	"net/http"
	"path"
	"strings"

	"github.com/downloadview/downloadview"
)

// A mounted handler has the keys below a path of the URL, with a slash at both
// ends.
type mounted struct {
	mountPath
	indexed bool
	handler http.Handler
}

// mounts serves below each path what is mounted there; the longest path wins.
// It is no [http.ServeMux], which would redirect what has "//" and ".." in it.
type mounts struct {
	all       []mounted
	paths     []mountPath
	elsewhere http.Handler
}

func newMounts(all []mounted, log *accessLog) *mounts {
	m := &mounts{all: all}
	for _, at := range all {
		m.paths = append(m.paths, at.mountPath)
	}
	m.elsewhere = downloadview.NewHandler(nothing, &downloadview.Options{Logger: log.logger, Observer: log.observe, Error: m.serveError})
	return m
}

// nothing is the view of where nothing is mounted, which is 404.
var nothing = downloadview.ViewFunc(func(*http.Request) (downloadview.Response, error) {
	return downloadview.Response{}, nil
})

func (m *mounts) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if i := mountFor(m.paths, r.URL.Path); i >= 0 {
		m.all[i].handler.ServeHTTP(w, r)
		return
	}
	m.elsewhere.ServeHTTP(w, r)
}

// serveError sends whoever forgot the slash of a mount with an index there.
func (m *mounts) serveError(w http.ResponseWriter, r *http.Request, status int, _ error) {
	for _, at := range m.all {
		if status == http.StatusNotFound && at.indexed && r.URL.Path+"/" == at.path {
			redirectToFolder(w, path.Base(at.path))
			return
		}
	}
	downloadview.WriteError(w, r, status)
}

// A mountPath is where something is mounted.
type mountPath struct {
	path  string
	clean bool // it is a directory, to which paths lead that aren't clean
}

// mountFor returns the index of the one that answers for path, -1 for none: the
// longest. A path that isn't clean leads to a directory by what it is when it is
// cleaned, and to anything else as it is.
func mountFor(all []mountPath, path string) int {
	at := longest(all, path)
	if isClean(path) || at >= 0 && !all[at].clean {
		return at
	}
	clean, ok := cleanPath(path)
	if at = longest(all, clean); !ok || at < 0 || !all[at].clean {
		return -1
	}
	return at
}

func longest(all []mountPath, path string) int {
	at := -1
	for i := range all {
		if strings.HasPrefix(path, all[i].path) && (at < 0 || len(all[i].path) > len(all[at].path)) {
			at = i
		}
	}
	return at
}
