package middleware

import (
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/downloadview/downloadview"
)

// Variants sends files that were compressed ahead of time, such as a.css.br beside
// a.css, to clients that accept their content coding (RFC 9110, section 12.5.3). It
// compresses nothing itself. [NewVariants] makes one; several goroutines may use it.
//
// A variant has its own length, entity tag and ranges, and the name and media type of
// the file. A rule may hand it over, if the proxy can send its Content-Encoding; else
// it is streamed, also where the file itself is handed over. Every answer for a file
// that may have variants has "Vary: Accept-Encoding".
//
// The file itself is sent if the client accepts no coding, or prefers identity; if
// there is no variant; if the variant is older than the file, or isn't smaller; and if
// the variant disappears before it is opened. If a client refuses the file itself by
// "identity;q=0", and there is no variant for it, the answer is 406. A "*;q=0" alone
// doesn't refuse the file. Members of Accept-Encoding with a wrong syntax don't count.
//
// Variants are not looked for if the view has set Content-Encoding in Response.Header,
// if the media type is one that is compressed anyway, such as image/png or
// application/zip, or if the name of the file already ends like that of a variant.
// So a.css.br can also be downloaded under its own name.
//
// To look for variants costs a [downloadview.Stat] for each coding that the client
// accepts, until one is found, and one of the file. If the client accepts no coding, it
// costs nothing.
type Variants struct {
	sibling func(r *http.Request, key, coding string) (downloadview.File, error)
	codings []string
}

// VariantsOptions are the options of [NewVariants].
type VariantsOptions struct {
	// Codings are the content codings of variants, in lower case. If the client gives
	// two of them the same weight, the first is sent. nil means br, zstd, gzip.
	Codings []string

	// Sibling returns the file with the content of the file key in a coding. nil
	// means the file of the storage with the name of key and ".br", ".zst", ".gz" or,
	// for other codings, a dot and the coding. If there is no such file, the error
	// or that of the file's Stat is [fs.ErrNotExist] or [fs.ErrInvalid]. Sibling
	// does no I/O.
	Sibling func(r *http.Request, key, coding string) (downloadview.File, error)
}

// NewVariants returns the Variants for a view of files of s; nil options are the zero
// value. It panics if there is neither a storage nor a Sibling function, or if a
// coding is not in lower case.
func NewVariants(s downloadview.Storage, o *VariantsOptions) *Variants {
	if o == nil {
		o = new(VariantsOptions)
	}
	v := &Variants{o.Sibling, o.Codings}
	if v.codings == nil {
		v.codings = []string{"br", "zstd", "gzip"}
	}
	for _, c := range v.codings {
		if c != strings.ToLower(c) || !isToken(c) || c == "identity" {
			panic(fmt.Sprintf("middleware: Variants: coding %q; want a content coding such as gzip", c))
		}
	}
	switch {
	case v.sibling != nil:
	case s == nil:
		panic("middleware: Variants: neither a storage nor a Sibling function; want one of them")
	default:
		v.sibling = func(_ *http.Request, key, coding string) (downloadview.File, error) {
			return s.File(key + suffixOf(coding))
		}
	}
	return v
}

// suffixOf returns how the names of variants in a coding end.
func suffixOf(coding string) string {
	switch coding {
	case "gzip":
		return ".gz"
	case "zstd":
		return ".zst"
	}
	return "." + coding
}

// View is a [downloadview.Middleware]. If next sets an entity tag for the file, a
// variant gets another one.
func (v *Variants) View(next downloadview.View) downloadview.View {
	return downloadview.ViewFunc(func(r *http.Request) (downloadview.Response, error) {
		resp, err := next.Respond(r)
		if err != nil || resp.File == nil || !v.mayHave(&resp) {
			return resp, err
		}
		resp.Header = varyByEncoding(resp.Header)
		accepted := acceptedIn(r.Header["Accept-Encoding"])
		if f := v.find(r, &resp, accepted); f != nil {
			f.tag, resp.ETag = resp.ETag, ""
			resp.File = f
			resp.CheckFirst = true // the coding is known from the attributes; it costs nothing
			return resp, nil
		}
		if accepted.refusesIdentity() {
			return v.refuse(r, resp)
		}
		return resp, nil
	})
}

// refuse answers a client that doesn't accept the file as it is. If the file is
// missing, that comes first.
func (v *Variants) refuse(r *http.Request, resp downloadview.Response) (downloadview.Response, error) {
	fi, err := downloadview.Stat(r.Context(), resp.File)
	if err != nil || downloadview.AttributesOf(fi).ContentEncoding != "" {
		return resp, nil
	}
	return resp, &downloadview.StatusError{
		Status: http.StatusNotAcceptable,
		Err:    fmt.Errorf("the client refuses the file as it is by Accept-Encoding %.100q, and there is no variant", r.Header.Get("Accept-Encoding")),
		Header: http.Header{"Vary": {"Accept-Encoding"}},
	}
}

// mayHave reports whether the file may have variants, as far as that is known without
// I/O.
func (v *Variants) mayHave(resp *downloadview.Response) bool {
	key := resp.File.Name()
	for _, c := range v.codings {
		if strings.HasSuffix(key, suffixOf(c)) {
			return false
		}
	}
	for k, values := range resp.Header {
		if len(values) > 0 && http.CanonicalHeaderKey(k) == "Content-Encoding" {
			return false
		}
	}
	t := resp.ContentType
	if t == "" {
		t = downloadview.TypeByName(key)
	}
	return !isCompressedType(t)
}

// find returns the variant that the client prefers, or nil.
func (v *Variants) find(r *http.Request, resp *downloadview.Response, accepted accepted) *variant {
	ctx := r.Context()
	var original fs.FileInfo
	for _, coding := range accepted.order(v.codings) {
		f, err := v.sibling(r, resp.File.Name(), coding)
		var fi fs.FileInfo
		if err == nil && f != nil {
			fi, err = downloadview.Stat(ctx, f)
		}
		switch {
		case saysMissing(err):
			continue
		case err != nil: // the store is in trouble: it gets no further requests
			return nil
		case f == nil || !fi.Mode().IsRegular():
			continue
		}
		if original == nil {
			if original, err = downloadview.Stat(ctx, resp.File); err != nil {
				return nil // the view's file answers
			}
		}
		of := downloadview.AttributesOf(original)
		if of.ContentEncoding != "" || isCompressedType(of.ContentType) && resp.ContentType == "" {
			return nil
		}
		a := downloadview.AttributesOf(fi)
		found := &variant{original: resp.File, sibling: f, coding: coding, of: of, ofInfo: original}
		if found.is(a) {
			found.stored = strings.EqualFold(a.ContentEncoding, coding)
			found.info = found.describe(fi)
			return found
		}
	}
	return nil
}

// saysMissing reports whether err says that there is no such variant, or none that may
// be sent.
func saysMissing(err error) bool {
	return errors.Is(err, fs.ErrNotExist) || errors.Is(err, fs.ErrInvalid) || errors.Is(err, fs.ErrPermission)
}

// isStale reports whether a variant with the time t is older than the file. Some tools
// give a variant the time of the file, but only its seconds.
func isStale(t, file time.Time) bool {
	if t.Nanosecond() == 0 {
		file = file.Truncate(time.Second)
	}
	return t.Before(file)
}

// varyByEncoding returns a copy of h that has Accept-Encoding in Vary. Requests may
// share h.
func varyByEncoding(h http.Header) http.Header {
	if len(h) == 0 {
		return onlyVary
	}
	h = h.Clone()
	for k, values := range h {
		if http.CanonicalHeaderKey(k) != "Vary" {
			continue
		}
		for _, name := range strings.Split(strings.Join(values, ","), ",") {
			if name = strings.Trim(name, " \t"); name == "*" || strings.EqualFold(name, "Accept-Encoding") {
				return h
			}
		}
	}
	h["Vary"] = append(slices.Clip(h["Vary"]), "Accept-Encoding")
	return h
}

// onlyVary is shared by requests and is never changed.
var onlyVary = http.Header{"Vary": {"Accept-Encoding"}}

var _ downloadview.Middleware = (*Variants)(nil).View
