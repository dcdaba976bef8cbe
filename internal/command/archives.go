package command

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"path"
	"strings"

	"github.com/downloadview/downloadview"
	"github.com/downloadview/downloadview/archive"
	"github.com/downloadview/downloadview/internal/config"
)

// archives is the view of a mount's archives: those of its folders, with all that the
// pages of --index show below them.
type archives struct {
	storage downloadview.Lister
	keys    keys
	others  []string // folders, with a slash at the end, at whose paths are other mounts
	top     string   // the name of the archive of the top folder, without its extension
	limits  config.ArchiveLimits
	resume  archive.Checksums
	resp    downloadview.Response
}

// newArchives returns the archives of the files of v, which is the view of m, a mount of
// c. The error is errNoFolders if the storage can't list.
func newArchives(v downloadview.StorageView, m *config.Mount, c *config.Config, resume archive.Checksums) (*archives, error) {
	lister, ok := v.Storage.(downloadview.Lister)
	if !ok {
		return nil, errNoFolders
	}
	a := &archives{storage: lister, keys: keysOf(m, v.Storage), top: "files", limits: c.Limits.Archives, resume: resume}
	for _, other := range c.Mounts {
		if below, ok := strings.CutPrefix(other.Path, m.Path); ok && below != "" {
			a.others = append(a.others, below)
		}
	}
	if m.Path != "/" {
		a.top = path.Base(m.Path)
	}
	// A folder has no time up to which its archive could be cached, and no proxy has it.
	a.resp = downloadview.Response{LimitRate: v.Response.LimitRate}
	return a, nil
}

// An archiveQuery is a request for an archive.
type archiveQuery struct {
	folder string // its key, without a slash at the end; "" for the top
	kind   string // as it is in the query
}

// asked returns what archive r asks for, if it asks for one.
func (a *archives) asked(r *http.Request) (archiveQuery, bool) {
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		return archiveQuery{}, false
	}
	folder, err := a.keys.key(r)
	if err != nil || folder == "/" || folder != "" && !strings.HasSuffix(folder, "/") {
		return archiveQuery{}, false
	}
	kind, ok := archiveKind(r)
	return archiveQuery{strings.TrimSuffix(folder, "/"), kind}, ok
}

// archiveKind returns the kind of the archive that the query of r asks for, if it does.
// If the request needed a link, then either the link is for all files below a folder, or
// the kind is signed.
func archiveKind(r *http.Request) (string, bool) {
	q := parsePageQuery(r.URL.RawQuery)
	if p := linkedPageOf(r); p != nil && p.below && q.archive == nil {
		q = p.query
	}
	if q.archive == nil {
		return "", false
	}
	return *q.archive, true
}

// Respond is the method of a [downloadview.View].
func (a *archives) Respond(r *http.Request) (downloadview.Response, error) {
	q, ok := a.asked(r)
	if !ok {
		return downloadview.Response{}, nil
	}
	name := a.top
	if q.folder != "" {
		name = path.Base(q.folder)
	}
	resp := a.resp
	entries := a.below(r.Context(), q.folder)
	switch q.kind {
	case "zip":
		resp.File = archive.Zip(name+".zip", entries, &archive.Options{Names: archive.WindowsName, Resume: a.resume})
	case "tar":
		resp.File = archive.Tar(name+".tar", entries, nil)
	default:
		text := fmt.Sprintf("%q is not a kind of archive; want ", cut(q.kind, 40))
		return resp, &refusal{http.StatusBadRequest, text + "?archive=zip or ?archive=tar", text + "zip or tar"} // the log has no query
	}
	return resp, nil
}

// A refusal is an error with a text for the client.
type refusal struct {
	status int
	text   string
	reason string // for the log
}

func (e *refusal) Error() string { return e.reason }

// StatusCode returns the status of the answer.
func (e *refusal) StatusCode() int { return e.status }

func (a *archives) tooMany() error {
	return &refusal{
		http.StatusRequestEntityTooLarge,
		fmt.Sprintf("This folder has more than %s files and folders, the most for one archive. Download its folders one by one.", grouped(a.limits.MaxFiles)),
		fmt.Sprintf("more than %d files and folders (--archive-max-files)", a.limits.MaxFiles),
	}
}

func (a *archives) tooLarge() error {
	most := byteCount(a.limits.MaxSize)
	return &refusal{
		http.StatusRequestEntityTooLarge,
		fmt.Sprintf("The files in this folder have more than %s, the most for one archive. Download its folders one by one.", most.Exact()),
		fmt.Sprintf("files of more than %d bytes (--archive-max-size)", most),
	}
}

// serveRefusal is the Error of [downloadview.Options] for archives.
func serveRefusal(w http.ResponseWriter, r *http.Request, status int, err error) {
	var e *refusal
	if !errors.As(err, &e) || e.status != status {
		downloadview.WriteError(w, r, status)
		return
	}
	h := w.Header()
	h.Set("Content-Type", "text/plain; charset=utf-8")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	if r.Method != http.MethodHead {
		io.WriteString(w, e.text+"\n")
	}
}

// beside returns a handler for archives. All other requests go to next.
func (a *archives) beside(next http.Handler, lim mountLimits, log *accessLog) http.Handler {
	o := log.options()
	o.Error = serveRefusal
	downloads := lim.downloads(a, o)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if _, ok := a.asked(r); ok {
			downloads.ServeHTTP(w, r)
			return
		}
		next.ServeHTTP(w, r)
	})
}

var _ downloadview.View = (*archives)(nil)
