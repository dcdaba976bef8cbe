package command

import (
	"errors"
	"net/http"
	"path"
	"slices"
	"strings"

	"github.com/downloadview/downloadview"
	"github.com/downloadview/downloadview/middleware"
)

// An indexed storage shows a page for each folder, which is a path that ends
// in a slash, and hands out the rest as downloads.
type indexed struct {
	storage   downloadview.Lister
	keys      keys
	downloads http.Handler
	folders   http.Handler
	log       *accessLog
}

func newIndexed(v downloadview.StorageView, storage downloadview.Lister, k keys, log *accessLog) *indexed {
	x := &indexed{storage: storage, keys: k, log: log}
	x.folders = log.wrap(x.serveFolder)
	x.downloads = downloadview.NewHandler(middleware.CleanNames(v), &downloadview.Options{
		Logger:   log.logger,
		Error:    x.serveError,
		Observer: log.observe,
	})
	return x
}

func (x *indexed) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	reading := r.Method == http.MethodGet || r.Method == http.MethodHead
	if key, err := x.keys.key(r); reading && err == nil && (key == "" || strings.HasSuffix(key, "/")) {
		x.folders.ServeHTTP(w, r)
		return
	}
	x.downloads.ServeHTTP(w, r)
}

// serveError sends whoever forgot the slash of a folder there.
func (x *indexed) serveError(w http.ResponseWriter, r *http.Request, status int, _ error) {
	if status == http.StatusNotFound {
		if name, ok := x.folderName(r); ok {
			redirectToFolder(w, name)
			return
		}
	}
	downloadview.WriteError(w, r, status)
}

// redirectToFolder adds the slash to a path whose last segment is name. The
// location is relative to that segment, so it stays on this host whatever the
// path begins with.
func redirectToFolder(w http.ResponseWriter, name string) {
	redirect(w, linkTo(name)+"/")
}

func redirect(w http.ResponseWriter, location string) {
	w.Header().Set("Location", location)
	w.Header().Set("Cache-Control", "private, no-cache")
	w.WriteHeader(http.StatusFound)
}

// folderName returns the name of the folder that has the request's path but for
// the slash, and whether there is one.
func (x *indexed) folderName(r *http.Request) (string, bool) {
	folder, err := x.keys.key(r)
	name := path.Base(folder)
	if err != nil || folder == "" || name == "." || name == ".." {
		return "", false
	}
	for _, err := range downloadview.List(r.Context(), x.storage, folder) {
		if err != nil {
			return "", false
		}
		break
	}
	return name, true
}

// linkTo returns the reference from a folder's page to a name in the folder.
// The dot keeps "a:b" from being a scheme.
func linkTo(name string) string { return "./" + escapeName(name) }

const upperHex = "0123456789ABCDEF"

// escapeName writes a name as a segment of a path, or a value in a query, in which
// nothing means anything in a URL, and nothing is an entity in HTML: there are
// tools that take neither for what it is.
func escapeName(name string) string {
	var b strings.Builder
	for _, c := range []byte(name) {
		if 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || isDigit(c) || strings.IndexByte("-._~", c) >= 0 {
			b.WriteByte(c)
		} else {
			b.WriteByte('%')
			b.WriteByte(upperHex[c>>4])
			b.WriteByte(upperHex[c&15])
		}
	}
	return b.String()
}

// onePage are the beginnings of User-Agent of tools that list a folder by the
// links of its page, and follow none that has a query.
var onePage = []string{"rclone/", "lftp/", "pip/"}

func readsOnePage(r *http.Request) bool {
	return slices.ContainsFunc(onePage, func(tool string) bool { return strings.HasPrefix(r.UserAgent(), tool) })
}

func (x *indexed) serveFolder(w http.ResponseWriter, r *http.Request) downloadview.AbortedBy {
	folder, _ := x.keys.key(r)
	if folder == "/" { // the folder "", which List takes for the top
		tellReason(w, errEmptyFolder)
		downloadview.WriteError(w, r, http.StatusNotFound)
		return downloadview.NotAborted
	}
	folder = strings.TrimSuffix(folder, "/")

	q := parsePageQuery(r.URL.RawQuery)
	p := newPage(w, folder, q)
	if q.all || readsOnePage(r) {
		p.streamed = true
	}
	clean, redirects := x.redirects(r)
	for fi, err := range downloadview.List(r.Context(), x.storage, folder) {
		switch {
		case err == nil && redirects:
			redirectToClean(w, r, clean)
			return downloadview.NotAborted
		case err == nil && !x.keys.lists(fi.Name()):
			continue
		case r.Context().Err() != nil:
			return endedBy(r)
		case err != nil && p.empty():
			x.fail(w, r, err)
			return downloadview.NotAborted
		case err != nil:
			x.log.logger.Error("list cut short", "path", r.URL.Path, "error", err)
			tellReason(w, err)
			p.incomplete()
			return downloadview.AbortedByOrigin
		case r.Method == http.MethodHead:
			p.writeHeader()
			return downloadview.NotAborted
		}
		if p.add(fi) != nil { // nobody is left to read it
			return downloadview.AbortedByClient
		}
	}
	if redirects {
		redirectToClean(w, r, clean)
		return downloadview.NotAborted
	}
	if p.end() != nil {
		return downloadview.AbortedByClient
	}
	return downloadview.NotAborted
}

// redirects returns the path at which a folder's page is, and whether it is
// another one than the request's.
func (x *indexed) redirects(r *http.Request) (clean string, ok bool) {
	clean, ok = cleanPath(r.URL.Path)
	return clean, ok && x.keys.clean && clean != r.URL.Path
}

var errEmptyFolder = errors.New("a folder without a name is none")

// fail answers a folder that can't be listed at all.
func (x *indexed) fail(w http.ResponseWriter, r *http.Request, err error) {
	status := downloadview.StatusCode(err)
	tellReason(w, err)
	if status >= http.StatusInternalServerError {
		x.log.logger.Error("list failed", "path", r.URL.Path, "status", status, "error", err)
	}
	downloadview.WriteError(w, r, status)
}
