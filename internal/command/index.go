package command

import (
	"errors"
	"net/http"
	"path"
	"slices"
	"strings"

	"github.com/downloadview/downloadview"
)

// An indexed storage answers a path that ends with a slash with the page of a folder,
// and all other paths with downloads.
type indexed struct {
	storage   downloadview.Lister
	keys      keys
	downloads http.Handler
	folders   http.Handler
	log       *accessLog
	archives  *archives // that the pages offer; nil: none
}

func newIndexed(v downloadview.StorageView, lim mountLimits, storage downloadview.Lister, k keys, log *accessLog, offered *archives) *indexed {
	x := &indexed{storage: storage, keys: k, log: log, archives: offered}
	x.folders = log.wrap(x.serveFolder)
	o := log.options()
	o.Error = x.serveError
	x.downloads = lim.downloads(lim.variants(v), o)
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

// serveError redirects a client that left out the slash of a folder to the folder.
func (x *indexed) serveError(w http.ResponseWriter, r *http.Request, status int, _ error) {
	if status == http.StatusNotFound {
		if name, ok := x.folderName(r); ok {
			query := ""
			if kind, asked := archiveKind(r); asked && x.archives != nil {
				query = "?archive=" + escapeName(kind)
			}
			redirectToFolder(w, name, query)
			return
		}
	}
	downloadview.WriteError(w, r, status)
}

// redirectToFolder redirects a client to its path with a slash added. name is the last
// segment of the path. The location is relative to it, so it stays on this host, even
// if the path begins with "//". query is "" or begins with "?".
func redirectToFolder(w http.ResponseWriter, name, query string) {
	redirect(w, linkTo(name)+"/"+query)
}

func redirect(w http.ResponseWriter, location string) {
	w.Header().Set("Location", location)
	w.Header().Set("Cache-Control", "private, no-cache")
	w.WriteHeader(http.StatusFound)
}

// folderName returns the name of the folder at the request's path plus a slash, and
// whether that folder exists.
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

// linkTo returns the relative reference from a folder's page to a name in the folder.
// It begins with "./", since "a:" at the beginning would be read as a scheme.
func linkTo(name string) string { return "./" + escapeName(name) }

const upperHex = "0123456789ABCDEF"

// escapeName escapes a name for a segment of a path or a value of a query. It leaves no
// character that has a meaning in a URL or in HTML, because some tools decode neither
// correctly.
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

// onePage has the beginnings of the User-Agent of tools that read a folder from the
// links of its page, but follow no link with a query.
var onePage = []string{"rclone/", "lftp/", "pip/"}

func readsOnePage(r *http.Request) bool {
	return slices.ContainsFunc(onePage, func(tool string) bool { return strings.HasPrefix(r.UserAgent(), tool) })
}

func (x *indexed) serveFolder(w http.ResponseWriter, r *http.Request) downloadview.AbortedBy {
	folder, _ := x.keys.key(r)
	if folder == "/" { // the folder with an empty name, for which List would list the top
		tellReason(w, errEmptyFolder)
		downloadview.WriteError(w, r, http.StatusNotFound)
		return downloadview.NotAborted
	}
	folder = strings.TrimSuffix(folder, "/")

	p := pageOf(w, r, folder)
	if p.query.all || readsOnePage(r) {
		p.streamed = true
	}
	if linked := linkedPageOf(r); linked == nil || linked.below {
		p.archives = x.archives
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
		if p.add(fi) != nil { // the client is gone
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

// redirects returns the clean path of the request, and whether the client has to be
// redirected to it.
func (x *indexed) redirects(r *http.Request) (clean string, ok bool) {
	clean, ok = cleanPath(r.URL.Path)
	return clean, ok && x.keys.clean && clean != r.URL.Path
}

var errEmptyFolder = errors.New("a folder can't have an empty name")

// fail answers the request for a folder that can't be listed at all.
func (x *indexed) fail(w http.ResponseWriter, r *http.Request, err error) {
	status := downloadview.StatusCode(err)
	tellReason(w, err)
	if status >= http.StatusInternalServerError {
		x.log.logger.Error("list failed", "path", r.URL.Path, "status", status, "error", err)
	}
	downloadview.WriteError(w, r, status)
}
