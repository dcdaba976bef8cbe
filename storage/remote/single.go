package remote

import (
	"fmt"
	"io/fs"
	"net/http"
	"net/url"
	"strings"

	"github.com/downloadview/downloadview"
	"github.com/downloadview/downloadview/internal/bucket"
)

// File returns the file at one URL. It requests the URL unchanged, with its
// query, and sends its userinfo as basic authentication. The file is as
// [Storage.File] describes; with a query, as in signed URLs, it has no source.
// Its name is the last segment of the path, decoded, or the host if there is
// none.
//
// A URL that can't be requested is an [fs.PathError] with [fs.ErrInvalid],
// whose text has neither userinfo nor query. File does no I/O.
//
// Without a Client every request makes its own connection, because nothing
// would close one that is kept. If you open many files, set a Client, made with
// [GuardedTransport].
func File(rawURL string, o *Options) (downloadview.File, error) {
	// The error of url.Parse quotes its input.
	u, err := url.Parse(rawURL)
	if err != nil {
		return nil, &fs.PathError{Op: "file", Path: "URL", Err: keyError("it is invalid; want one such as https://host/path")}
	}
	if err := checkURL(u); err != nil {
		return nil, &fs.PathError{Op: "file", Path: shown(u), Err: keyError(err.Error())}
	}
	origin, err := newOrigin(o)
	if err != nil {
		return nil, fmt.Errorf("remote: %w", err)
	}
	if t, ok := origin.client.Transport.(*http.Transport); ok && (o == nil || o.Client == nil) {
		t.DisableKeepAlives = true
	}
	return bucket.Object(&file{origin, u, nameOf(u)}, origin.logger), nil
}

// nameOf returns the name of the file at u.
func nameOf(u *url.URL) string {
	path := strings.TrimRight(u.EscapedPath(), "/")
	last, err := url.PathUnescape(path[strings.LastIndexByte(path, '/')+1:])
	if err != nil || last == "" || last == "." || last == ".." {
		return u.Hostname()
	}
	return last
}
