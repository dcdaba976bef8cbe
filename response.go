package downloadview

import (
	"net/http"
	"time"
)

// A Response is the decision of a view: which file, under which name, and how.
// It is plain data, and making it opens nothing. A [Middleware] changes its own
// copy. Only the handler opens the file, at the very end. The zero value of
// every field except File is a good default.
type Response struct {
	// File is what to send. A Response without one is answered 404.
	File File

	// Name is the file name of the download; "" means the last element of
	// File.Name(). Letters of any script are sent as they are, but separators
	// become "_", control characters and characters that change the direction of
	// writing are removed, and a name of more than 255 bytes is cut in the middle.
	// Names that Windows can't have ("CON", "a:b", "a.") and invisible characters
	// are sent as they are; middleware.CleanNames changes them.
	Name string

	// Renamer, if not nil, changes the name that the download would have: Name, the
	// stored name, or that of the file.
	Renamer Renamer

	// Disposition is [Attachment] unless set.
	Disposition Disposition

	// ContentType is the full media type; one that is not well formed is an error.
	// "" means the type that the storage knows. If that is missing, not well
	// formed, "application/octet-stream" or "binary/octet-stream", the type is that
	// of Types or [TypeByName] for the name of the download, then for File.Name().
	// A text type without a charset gets charset=utf-8. A script that is an
	// attachment is sent as application/octet-stream: see [Attachment].
	ContentType string

	// Types are looked up before the table of [TypeByName]. nil adds no types.
	Types Types

	// ETag is the entity tag with its quotes, if the view knows a better one than
	// the file. A weak tag, or one that is not well formed, is an error. "" means
	// the tag of the storage, else one that is made of time and size.
	ETag string

	// ModTime is the time of the last change, if the view knows it better than the
	// file. A time before 1981 or in the future is not sent, and it is no
	// validator; the file then has no date. If Header has Vary: Accept-Encoding, no
	// date counts in If-Range, since several codings may have the same one.
	ModTime time.Time

	// CacheControl is "private, no-cache" unless set: clients ask for permission
	// each time, and unchanged bytes are not sent again. Restrictions in a
	// Cache-Control of an outer handler or of Header stay, such as no-store,
	// private and no-cache. An answer with a Set-Cookie is made private. Middleware
	// that sets the cookie when the header is written, as scs does, comes too late for
	// that: don't put it around public downloads.
	CacheControl string

	// StoredFields says which of the fields that the store keeps with the file may
	// reach the client. The zero value means only the type, the encoding and the
	// language.
	StoredFields StoredFields

	// CheckFirst looks at the file before it is handed over to a proxy, by [Stat],
	// so that this process answers for a missing or forbidden file.
	CheckFirst bool

	// LimitRate is the highest speed of this download, in bytes a second; 0 means
	// no limit except that of the rule of a [Handover]. If a proxy can't limit the
	// speed, the file is streamed.
	LimitRate int64

	// Pacer, if not nil, limits the speed, too, for downloads that share a rate. A
	// proxy limits each download by itself, so a download with a Pacer is always
	// streamed.
	Pacer Pacer

	// Header is added to the answer if it carries the file or is a 304. Lists such
	// as Vary, Link, Set-Cookie and Content-Security-Policy are added to the values
	// of outer handlers. Any other field replaces their value, but not by a weaker
	// policy: an outer X-Frame-Options: DENY stays. Keys count in their canonical
	// form. Fields that this package sets itself replace those of Header. Those of a
	// connection, such as Keep-Alive and Transfer-Encoding, are left out. Copies of
	// a Response share Header, so don't change it in place: use
	// [Response.WithHeader].
	Header http.Header

	// Offloader may hand the file over to a proxy; nil streams the file.
	// [NeverOffload] streams it even if there is an accelerator.
	Offloader Offloader

	// Gate is asked before bytes of the file leave, and can refuse; nil asks nobody.
	// Use [Response.WithGate], since there may be one already. With a Gate, the file
	// is looked at before it is handed over, as with CheckFirst.
	Gate Gate
}

// WithHeader returns a copy of r whose Header has value for key, in place of
// the values that it had. r itself stays as it is.
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
