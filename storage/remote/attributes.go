package remote

import (
	"net/http"
	"strings"

	"github.com/downloadview/downloadview"
)

// attributesOf returns the metadata in an answer, for a file of size bytes. It
// ignores all other header fields.
func attributesOf(resp *http.Response, size int64) downloadview.Attributes {
	h := resp.Header
	a := downloadview.Attributes{
		Size:            size,
		ContentType:     h.Get("Content-Type"),
		ContentEncoding: strings.Join(h.Values("Content-Encoding"), ", "),
		ContentLanguage: strings.Join(h.Values("Content-Language"), ", "),
		CacheControl:    strings.Join(h.Values("Cache-Control"), ", "),
		Disposition:     h.Get("Content-Disposition"),
		ReprDigest:      digestIn(h, isWhole(resp.StatusCode)),
	}
	if tags := h.Values("ETag"); len(tags) == 1 {
		a.ETag = tags[0]
		a.ETag = a.StrongETag()
	}
	if expires := h.Get("Expires"); expires != "" {
		if _, err := http.ParseTime(expires); err == nil {
			a.Expires = expires
		}
	}
	if t, err := http.ParseTime(h.Get("Last-Modified")); err == nil {
		a.ModTime = t
		if !downloadview.UsefulModTime(t) && len(a.ETag) < shortestDigest {
			a.ETag = ""
		}
	}
	return a
}

// shortestDigest is the length of a 128-bit digest in hex, with its quotes. A
// shorter tag is probably made from the date, in whatever format.
const shortestDigest = 32 + len(`""`)
