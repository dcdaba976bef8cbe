package downloadview

import (
	"net/http"
	"time"
)

// A Response is a view's decision: which file, under which name and how. It is
// plain data that has touched no byte; a [Middleware] changes its copy. Only
// the handler opens the file, at the very end. The zero value of every field
// but File is a good default.
type Response struct {
	// File is what to send. A Response without one is answered 404.
	File File

	// Name is the name that the download is saved under; "" is the last
	// element of File.Name(). It goes out in any script and normal form, but
	// separators become "_", control characters and those that turn the direction
	// of writing are left out, and what is longer than 255 bytes is cut in the
	// middle. Names that Windows can't have ("CON", "a:b", "a.") and invisible
	// characters are passed on; package middleware has CleanNames for them.
	Name string

	// Renamer, if not nil, is asked for the name in place of the one that the
	// download would have, be it Name, a stored one or that of the file.
	Renamer Renamer

	// Disposition is [Attachment] unless set.
	Disposition Disposition

	// ContentType is the full media type; one that is not well formed is an
	// error. "" means the type that the storage knows, unless that is not well
	// formed or the meaningless "application/octet-stream" or
	// "binary/octet-stream", then that of Types or [TypeByName] for the name of
	// the download and for File.Name(). A text type without a charset gets
	// charset=utf-8. A script that is not shown is sent as
	// application/octet-stream: see [Attachment].
	ContentType string

	// Types come before the table of [TypeByName], where that is asked; nil adds
	// nothing.
	Types Types

	// ETag is the entity tag in its quotes, where the view knows better than
	// the file; a tag that is weak or not well formed is an error. "" means
	// the storage's tag, else one of time and size.
	ETag string

	// ModTime is the time of the last change, where the view knows better than
	// the file. One before 1981 is no validator and isn't sent, as one in the
	// future isn't; the file then has no date.
	ModTime time.Time

	// CacheControl is "private, no-cache" unless set: a permission is asked
	// again, bytes are not sent again. What a Cache-Control outside or in Header
	// forbids stays forbidden, such as by no-store, private or no-cache, and an
	// answer that has a Set-Cookie when it is written is private.
	CacheControl string

	// StoredFields says what of the store's own description of the file may reach the
	// client; the zero value is nothing but type, encoding and language.
	StoredFields StoredFields

	// LimitRate bounds the speed of this download, in bytes a second; 0 means no
	// bound but that of a [Handover]'s rule. A proxy that can't hold to it isn't
	// handed the file.
	LimitRate int64

	// Header is added to the answer if it carries the file or says 304. Lists
	// such as Vary, Link, Set-Cookie and Content-Security-Policy are added to
	// what handlers outside have set. Any other field replaces what they have
	// set, but not by a weaker policy: X-Frame-Options: DENY stays. A key means
	// what its canonical form means. Don't change Header in place, since copies
	// of a Response share it: use [Response.WithHeader]. What this package sets
	// itself wins.
	Header http.Header

	// Offloader may hand the file over to a proxy; nil streams. [NeverOffload] says
	// so for good: accelerators leave it alone.
	Offloader Offloader

	// CheckFirst opens the file before it is handed over to a proxy, so that a
	// missing or forbidden one is answered here.
	CheckFirst bool
}

// WithHeader returns a copy of r whose Header has value for key, in place of
// what it had. r itself is left as it was.
func (r Response) WithHeader(key, value string) Response {
	h := r.Header.Clone()
	if h == nil {
		h = make(http.Header, 1)
	}
	for k := range h {
		if http.CanonicalHeaderKey(k) == http.CanonicalHeaderKey(key) {
			delete(h, k)
		}
	}
	h.Set(key, value)
	r.Header = h
	return r
}
