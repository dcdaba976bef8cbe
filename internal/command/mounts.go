package command

import (
	"fmt"
	"io/fs"
	"net/http"
	"path"
	"slices"
	"strings"

	"github.com/downloadview/downloadview"
)

// A mounted handler answers requests for the keys below a path of the URL.
type mounted struct {
	mountPath
	indexed bool
	gate    *gate
}

// mounts serves below each path the storage that is mounted there; the longest path
// wins. It is not an [http.ServeMux], since that would redirect paths with "//" or "..".
type mounts struct {
	all       []mounted
	paths     []mountPath
	elsewhere http.Handler
	log       *accessLog
}

func newMounts(all []mounted, log *accessLog) *mounts {
	m := &mounts{all: all, log: log}
	for _, at := range all {
		m.paths = append(m.paths, at.mountPath)
	}
	o := log.options()
	o.Error = m.serveError
	m.elsewhere = downloadview.NewHandler(nothing, o)
	return m
}

// nothing is the view for paths at which nothing is mounted. Its answer is 404.
var nothing = downloadview.ViewFunc(func(*http.Request) (downloadview.Response, error) {
	return downloadview.Response{}, errNothing
})

var errNothing = fmt.Errorf("nothing is mounted here: %w", fs.ErrNotExist)

func (m *mounts) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	i := mountFor(m.paths, r.URL.Path)
	if below, ok := belowToken(r.URL.Path); ok {
		if j := mountFor(m.paths, below); j >= 0 && m.all[j].gate.requires() {
			i = j // the gate takes the token out of the path
		}
	}
	switch {
	case i >= 0:
		m.all[i].gate.ServeHTTP(w, r)
	case !slices.ContainsFunc(m.all, mounted.isOpen):
		w.Header().Set("Referrer-Policy", "no-referrer")
		w.Header().Set("Cache-Control", "no-store")
		m.log.refuse(w, r, errElsewhere)
	default:
		m.elsewhere.ServeHTTP(w, r)
	}
}

// isOpen reports whether the mount requires no links.
func (at mounted) isOpen() bool { return !at.gate.requires() }

// serveError redirects a client that left out the slash of a mount with an index to
// the mount.
func (m *mounts) serveError(w http.ResponseWriter, r *http.Request, status int, _ error) {
	for _, at := range m.all {
		if status == http.StatusNotFound && at.indexed && at.isOpen() && r.URL.Path+"/" == at.path {
			redirectToFolder(w, path.Base(at.path), "")
			return
		}
	}
	downloadview.WriteError(w, r, status)
}

// A mountPath is the path of a mount.
type mountPath struct {
	path  string // with a slash at both ends
	clean bool   // for a directory: paths are cleaned first
}

// mountFor returns the index of the longest mount that path is below, -1 for none. A
// path that isn't clean is compared as it is with mounts of buckets, and cleaned with
// mounts of directories.
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
