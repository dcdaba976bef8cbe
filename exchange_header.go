package downloadview

import (
	"net/http"
	"strconv"
	"strings"
	"time"
)

// contentFields speak of a file; answers without one must not have them.
var contentFields = []string{
	"Accept-Ranges", "Content-Disposition", "Content-Encoding", "Content-Language", "Content-Length",
	"Content-Range", "Content-Type", "Etag", "Last-Modified",
}

// factFields are those of contentFields that are facts of one file, which this
// package tells. Others may be a compressor's, or hold for the whole site.
var factFields = []string{"Accept-Ranges", "Content-Length", "Content-Range", "Etag", "Last-Modified"}

// rangeFields are those of factFields that speak of the bytes that follow.
var rangeFields = factFields[:3]

// fields sets header fields by assignment, with one allocation for all values.
type fields struct {
	header http.Header
	values []string
}

// fieldsOf expects n fields; more are fine.
func fieldsOf(w http.ResponseWriter, n int) fields {
	return fields{w.Header(), make([]string, 0, n)}
}

// set takes a canonical key.
func (f *fields) set(key, value string) {
	f.values = append(f.values, value)
	n := len(f.values)
	f.header[key] = f.values[n-1 : n : n]
}

// description is what an answer says of its file, in whatever mode.
type description struct {
	name        string
	contentType string
	shown       bool
}

// disposition returns the Content-Disposition field.
func (d description) disposition() string {
	if d.shown {
		return contentDisposition("inline", d.name)
	}
	return contentDisposition("attachment", d.name)
}

func (r *Response) describe(a *Attributes) description {
	key := r.File.Name()
	d := description{name: r.Name}
	if d.name == "" && r.StoredFields&StoredName != 0 {
		d.name = nameIn(a.Disposition)
	}
	if d.name == "" {
		d.name = key[strings.LastIndexByte(key, '/')+1:]
	}
	if r.Renamer != nil {
		d.name = r.Renamer.Rename(d.name)
	}
	d.contentType = r.ContentType
	if d.contentType == "" && a.ContentType != "" && !isMeaningless(a.ContentType) && isMediaType(a.ContentType) {
		d.contentType = a.ContentType
	}
	if d.contentType != "" {
		d.contentType = withCharset(d.contentType)
	} else if d.contentType = r.Types.byName(d.name); d.contentType == "" {
		if d.contentType = r.Types.byName(key); d.contentType == "" {
			d.contentType = octetStream
		}
	}
	if d.shown = r.Disposition.shown(d.contentType); !d.shown && isScript(d.contentType) {
		d.contentType = octetStream
	}
	return d
}

// hasControl reports whether s has a control character of ASCII in it. Several texts
// of each request are checked, so it looks at eight bytes at a time: of a byte b,
// (b-' ')&^b has the top bit where b is less than a space, and with b^0x7f and 1 in
// their place where b is 0x7f.
func hasControl(s string) bool {
	const each = 0x0101010101010101
	for ; len(s) >= 8; s = s[8:] {
		w := uint64(s[0]) | uint64(s[1])<<8 | uint64(s[2])<<16 | uint64(s[3])<<24 |
			uint64(s[4])<<32 | uint64(s[5])<<40 | uint64(s[6])<<48 | uint64(s[7])<<56
		below := (w - ' '*each) &^ w
		deleted := w ^ 0x7f*each
		deleted = (deleted - each) &^ deleted
		if (below|deleted)&(0x80*each) != 0 {
			return true
		}
	}
	for i := range len(s) {
		if s[i] < ' ' || s[i] == 0x7f {
			return true
		}
	}
	return false
}

// common sets what a hand-over and a streamed answer have in common.
func (f *fields) common(x *exchange, d description, a *Attributes) {
	r := &x.resp
	f.drop(factFields)
	f.add(r.Header, nil)
	f.cache(r.cachePolicy(a))
	if d.shown && !isHarmless(d.contentType) {
		f.sandbox()
	}
	f.set("Content-Type", d.contentType)
	f.set("Content-Disposition", d.disposition())
	f.set("X-Content-Type-Options", "nosniff")
	if r.StoredFields != 0 {
		f.stored(r, x.r.Header, a)
	}
}

// validators sets ETag and Last-Modified.
func (f *fields) validators(k facts) {
	if k.etag != "" {
		f.set("Etag", k.etag)
	}
	if !k.modTime.IsZero() {
		f.set("Last-Modified", k.modTime.UTC().Format(http.TimeFormat))
	}
}

// content sets what belongs to a streamed answer with the file in it.
func (f *fields) content(a Attributes, k facts) {
	f.validators(k)
	if k.parts != noParts && k.size >= 0 {
		f.set("Accept-Ranges", "bytes")
	}
	if a.ContentEncoding != "" && !hasControl(a.ContentEncoding) {
		f.set("Content-Encoding", a.ContentEncoding)
	}
	if a.ContentLanguage != "" && !hasControl(a.ContentLanguage) {
		f.set("Content-Language", a.ContentLanguage)
	}
}

// isOfBody tells whether a field speaks of the body that an answer carries.
func isOfBody(key string) bool {
	return strings.HasPrefix(key, "Content-") && key != "Content-Location" && !strings.HasPrefix(key, "Content-Security-Policy")
}

// length sets Content-Length; a negative n is not known.
func (f *fields) length(n int64) {
	if n >= 0 {
		f.set("Content-Length", strconv.FormatInt(n, 10))
	}
}

// notModified sets what a 304 has (RFC 9110, 15.4.5): the fields that would
// update a stored answer, and nothing that speaks of a body.
//
// The client puts these fields in place of those it has, and so a policy without
// a sandbox in place of one with it.
func (f *fields) notModified(x *exchange, k facts, a *Attributes) {
	f.add(x.resp.Header, describesNoBody)
	if x.resp.Disposition == InlineActive {
		switch d := x.resp.describe(a); {
		case !isHarmless(d.contentType):
			f.sandbox()
		case x.unseen && x.resp.ContentType == "": // the stored type may be another
			delete(f.header, "Content-Security-Policy")
		}
	}
	f.cache(x.resp.cachePolicy(a))
	if x.resp.StoredFields != 0 {
		f.stored(&x.resp, x.r.Header, a)
	}
	if k.etag != "" {
		k.modTime = time.Time{}
	}
	f.validators(k)
}
