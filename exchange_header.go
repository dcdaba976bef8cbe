package downloadview

import (
	"net/http"
	"strconv"
	"strings"
)

// contentFields describe a file. Answers without a file must not have them.
var contentFields = []string{
	"Accept-Ranges", "Content-Disposition", "Content-Encoding", "Content-Language", "Content-Length",
	"Content-Range", "Content-Type", "Etag", "Last-Modified",
}

// factFields are the contentFields that only this package sets, since they depend
// on the file. A compressor or a policy for the whole site may set the others.
var factFields = []string{"Accept-Ranges", "Content-Length", "Content-Range", "Etag", "Last-Modified"}

// rangeFields are the factFields that describe the bytes of the body.
var rangeFields = factFields[:3]

// fields sets the fields of a header with one allocation for all values.
type fields struct {
	header  http.Header
	values  []string
	private []PrivateField // names under which set sends some fields
}

// fieldsOf returns the fields of w's header. It keeps their values in room, which is
// empty; more may be set than fit.
func fieldsOf(w http.ResponseWriter, room []string) fields {
	return fields{header: w.Header(), values: room}
}

// set replaces a field. key is canonical.
func (f *fields) set(key, value string) {
	for i := range f.private {
		if p := &f.private[i]; p.Name == key {
			key = p.As
			break
		}
	}
	f.values = append(f.values, value)
	n := len(f.values)
	f.header[key] = f.values[n-1 : n : n]
}

// rename gives a field another name. Both are canonical.
func (f *fields) rename(key, as string) {
	if values, ok := f.header[key]; ok {
		f.header[as] = values
		delete(f.header, key)
	}
}

// description is how an answer describes its file, in every mode.
type description struct {
	name        string
	contentType string
	shown       bool
}

// disposition returns the Content-Disposition field.
func (d *description) disposition() string {
	if d.shown {
		return contentDisposition(inline, d.name)
	}
	return contentDisposition(attachment, d.name)
}

// describe sets d for the file of r, which has the attributes a.
func (r *Response) describe(a *Attributes, d *description) {
	key := r.File.Name()
	d.name = r.Name
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
}

// hasControl reports whether s has an ASCII control character. Several texts of
// each request are checked, so it tests eight bytes at a time: for a byte b,
// (b-' ')&^b has the top bit set if b is less than a space. With d = b^0x7f,
// (d-1)&^d has it set if b is 0x7f.
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

// common sets the fields that hand-overs and streamed answers have in common.
func (f *fields) common(x *exchange, d *description, a *Attributes) {
	r := &x.resp
	f.drop(factFields)
	if len(r.Header) > 0 {
		f.add(r.Header, describesAnswer)
		delete(f.header, "Content-Range") // a whole file with one would be taken for a part
	}
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
func (f *fields) validators(k *facts) {
	if k.etag != "" {
		f.set("Etag", k.etag)
	}
	if !k.modTime.IsZero() {
		f.set("Last-Modified", k.modTime.UTC().Format(http.TimeFormat))
	}
}

// content sets the fields of a streamed answer with the file's bytes.
func (f *fields) content(a *Attributes, k *facts) {
	f.validators(k)
	if k.offersRanges() {
		f.set("Accept-Ranges", "bytes")
	}
	if a.ContentEncoding != "" && !hasControl(a.ContentEncoding) {
		f.set("Content-Encoding", a.ContentEncoding)
	}
	if a.ContentLanguage != "" && !hasControl(a.ContentLanguage) {
		f.set("Content-Language", a.ContentLanguage)
	}
}

// ofPart removes the digests of a whole body, such as those of a view: this body is a part.
func (f *fields) ofPart() {
	delete(f.header, "Content-Digest")
	delete(f.header, "Content-Md5")
}

// isOfBody reports whether a field describes the body of an answer.
func isOfBody(key string) bool {
	return strings.HasPrefix(key, "Content-") && key != "Content-Location" && !strings.HasPrefix(key, "Content-Security-Policy")
}

// length sets Content-Length, unless n is negative, which means not known.
func (f *fields) length(n int64) {
	if n >= 0 {
		f.set("Content-Length", strconv.FormatInt(n, 10))
	}
}

// notModified sets the fields of a 304 (RFC 9110, 15.4.5): those that update a
// stored answer, and none that describes a body.
//
// The client replaces its stored fields with these. So a policy without a sandbox
// would replace one with a sandbox.
func (f *fields) notModified(x *exchange, k *facts, a *Attributes) {
	f.add(x.resp.Header, describesNoBody)
	if x.resp.Disposition == InlineActive {
		var d description
		x.resp.describe(a, &d)
		switch {
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
		f.set("Etag", k.etag)
		return
	}
	f.validators(k)
}
