package remote

import (
	"net/http"
	"strings"

	"github.com/downloadview/downloadview"
)

// attributesOf returns what an answer says of a file of size bytes; nothing
// else of its header is looked at.
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

// shortestDigest is the length, in quotes, of a digest of 128 bits in hex. A tag
// that is shorter is likely made of the date, which may be in it in any form.
const shortestDigest = 32 + len(`""`)
