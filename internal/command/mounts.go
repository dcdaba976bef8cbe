package command

import (
	"cmp"
	"net/http"
	"path"
	"slices"
	"strings"

	"github.com/downloadview/downloadview"
)

// A mounted handler has the keys below a path of the URL.
type mounted struct {
	path    string // with a slash at both ends
	indexed bool
	handler http.Handler
}

// mounts serves below each path what is mounted there; the longest path wins.
// It is no [http.ServeMux], which would redirect what has "//" and ".." in it.
type mounts struct {
	byLength  []mounted // the longest first
	elsewhere http.Handler
}

func newMounts(all []mounted, log *accessLog) *mounts {
	slices.SortFunc(all, func(a, b mounted) int { return cmp.Compare(len(b.path), len(a.path)) })
	m := &mounts{byLength: all}
	m.elsewhere = downloadview.NewHandler(nothing, &downloadview.Options{Logger: log.logger, Observer: log.observe, Error: m.serveError})
	return m
}

// nothing is the view of where nothing is mounted, which is 404.
var nothing = downloadview.ViewFunc(func(*http.Request) (downloadview.Response, error) {
	return downloadview.Response{}, nil
})

func (m *mounts) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	for i := range m.byLength {
		if strings.HasPrefix(r.URL.Path, m.byLength[i].path) {
			m.byLength[i].handler.ServeHTTP(w, r)
			return
		}
	}
	m.elsewhere.ServeHTTP(w, r)
}

// serveError sends whoever forgot the slash of a mount with an index there.
func (m *mounts) serveError(w http.ResponseWriter, r *http.Request, status int, _ error) {
	for _, at := range m.byLength {
		if status == http.StatusNotFound && at.indexed && r.URL.Path+"/" == at.path {
			redirectToFolder(w, path.Base(at.path))
			return
		}
	}
	refuse(w, r, status)
}

// keyBelow returns how the key is found below path: what follows it in the URL,
// which net/http has decoded.
func keyBelow(path string) func(*http.Request) (string, error) {
	return func(r *http.Request) (string, error) {
		return strings.TrimPrefix(r.URL.Path, path), nil
	}
}
