package middleware

import (
	"context"
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
		found := &variant{original: resp.File, sibling: f, coding: coding, of: of}
		if found.is(downloadview.AttributesOf(fi)) {
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

// isCompressedType reports whether files of a media type are compressed already.
func isCompressedType(t string) bool {
	t, _, _ = strings.Cut(t, ";")
	t = strings.ToLower(strings.Trim(t, " \t"))
	kind, sub, _ := strings.Cut(t, "/")
	switch kind {
	case "audio", "video":
		return true
	case "image":
		return !strings.HasSuffix(sub, "+xml") && sub != "bmp" && sub != "x-icon" && sub != "vnd.microsoft.icon" && sub != "tiff"
	case "font":
		return sub == "woff" || sub == "woff2"
	}
	return slices.Contains(compressedTypes, sub) ||
		strings.HasPrefix(sub, "vnd.openxmlformats-officedocument.") || strings.HasPrefix(sub, "vnd.oasis.opendocument.") && !strings.HasSuffix(sub, "-flat-xml")
}

// compressedTypes are subtypes of application.
var compressedTypes = []string{
	"zip", "gzip", "x-gzip", "zstd", "x-brotli", "x-bzip", "x-bzip2", "x-xz", "x-lzma", "x-7z-compressed", "vnd.rar", "x-rar-compressed",
	"java-archive", "epub+zip", "vnd.android.package-archive", "x-debian-package", "vnd.debian.binary-package", "x-rpm",
	"font-woff", "vnd.ms-cab-compressed",
}

var _ downloadview.Middleware = (*Variants)(nil).View

// A variant is a File with the bytes of sibling and the name and type of original. If
// sibling is missing when it is opened, or is no variant any more, the variant is
// original.
type variant struct {
	original, sibling downloadview.File
	coding            string
	of                downloadview.Attributes // of original
	info              fs.FileInfo             // of sibling, described
	tag               string                  // of the view, for original; may be ""
}

// is reports whether a file with the attributes a may be sent in place of the original.
// A variant of the same size would save nothing, and could have the same entity tag.
func (f *variant) is(a downloadview.Attributes) bool {
	coded := a.ContentEncoding == "" || strings.EqualFold(a.ContentEncoding, f.coding)
	return coded && a.Size >= 0 && (f.of.Size < 0 || a.Size < f.of.Size) && !isStale(a.ModTime, f.of.ModTime)
}

// describe returns the metadata of the sibling as that of the variant.
func (f *variant) describe(fi fs.FileInfo) fs.FileInfo {
	of, a := f.of, downloadview.AttributesOf(fi)
	of.Size, of.ModTime, of.ReprDigest, of.Metadata = a.Size, a.ModTime, a.ReprDigest, a.Metadata
	of.ETag, of.ContentEncoding = codedTag(a.StrongETag(), f.coding), f.coding
	return describedInfo{of.FileInfo(f.Name()), of, fi.Sys()}
}

// A describedInfo has other attributes than the system's fs.FileInfo.
type describedInfo struct {
	fs.FileInfo
	attributes downloadview.Attributes
	sys        any
}

func (i describedInfo) Attributes() downloadview.Attributes { return i.attributes }
func (i describedInfo) Sys() any                            { return i.sys }

// codedTag returns an entity tag that no other coding of the file has, or "".
func codedTag(tag, coding string) string {
	if tag == "" {
		return ""
	}
	return strings.TrimSuffix(tag, `"`) + "-" + coding + `"`
}

func (f *variant) Name() string { return f.original.Name() }

// Stat returns what the look at the sibling has found: it was a moment ago.
func (f *variant) Stat(context.Context) (fs.FileInfo, error) { return f.info, nil }

// Open opens the sibling, or the original.
func (f *variant) Open(ctx context.Context) (fs.File, error) {
	h, fi, err := f.OpenStat(ctx)
	if err != nil {
		return nil, err
	}
	return describedHandle(h, fi), nil
}

// OpenStat is Open without a wrapper of the handle, so that the kernel can send it.
func (f *variant) OpenStat(ctx context.Context) (fs.File, fs.FileInfo, error) {
	h, fi, err := openStat(ctx, f.sibling)
	switch {
	case err == nil && f.fits(fi):
		return h, f.describe(fi), nil
	case err == nil:
		h.Close()
	case !saysMissing(err):
		return nil, nil, err
	}
	if h, fi, err = openStat(ctx, f.original); err != nil {
		return nil, nil, err
	}
	return h, f.identity(fi), nil
}

// fits reports whether the metadata of an open sibling is still that of a variant.
func (f *variant) fits(fi fs.FileInfo) bool {
	return fi.Mode().IsRegular() && f.is(downloadview.AttributesOf(fi))
}

// identity returns the metadata of the original with the view's entity tag.
func (f *variant) identity(fi fs.FileInfo) fs.FileInfo {
	if f.tag == "" {
		return fi
	}
	a := downloadview.AttributesOf(fi)
	a.ETag = f.tag
	return describedInfo{fi, a, fi.Sys()}
}

// OpenRange opens a part of the sibling. If that is not possible, the variant is
// opened as a whole.
func (f *variant) OpenRange(ctx context.Context, offset, length int64) (fs.File, error) {
	part, ok := downloadview.Find[downloadview.RangeFile](f.sibling)
	if !ok {
		return nil, errors.ErrUnsupported
	}
	h, err := part.OpenRange(ctx, offset, length)
	switch {
	case saysMissing(err):
		return nil, errors.ErrUnsupported
	case err != nil:
		return nil, err
	}
	fi, err := h.Stat()
	if err == nil && f.fits(fi) {
		return describedHandle(h, f.describe(fi)), nil
	}
	h.Close()
	if err == nil {
		err = errors.ErrUnsupported
	}
	return nil, err
}

// Source returns where the bytes of the sibling live.
func (f *variant) Source() (downloadview.Source, bool) { return downloadview.SourceOf(f.sibling) }

// Identity returns the identity of the sibling.
func (f *variant) Identity() (string, bool) { return downloadview.IdentityOf(f.sibling) }

// SignedURL signs a URL of the sibling if its store sends the Content-Encoding.
func (f *variant) SignedURL(ctx context.Context, o downloadview.SignOptions) (string, time.Time, error) {
	fi, err := downloadview.Stat(ctx, f.sibling)
	if err != nil {
		return "", time.Time{}, err
	}
	if stored := downloadview.AttributesOf(fi).ContentEncoding; !strings.EqualFold(stored, f.coding) {
		return "", time.Time{}, fmt.Errorf("%q is stored with the Content-Encoding %q, not %q: %w", f.sibling.Name(), stored, f.coding, errors.ErrUnsupported)
	}
	return downloadview.SignedURL(ctx, f.sibling, o)
}

// A coded handle has the metadata of a variant.
type coded struct {
	fs.File
	info fs.FileInfo
}

func (h coded) Stat() (fs.FileInfo, error) { return h.info, nil }

type codedSeeker struct {
	coded
	seek func(offset int64, whence int) (int64, error)
}

func (h codedSeeker) Seek(offset int64, whence int) (int64, error) { return h.seek(offset, whence) }

func describedHandle(h fs.File, fi fs.FileInfo) fs.File {
	if s, ok := h.(interface {
		Seek(offset int64, whence int) (int64, error)
	}); ok {
		return codedSeeker{coded{h, fi}, s.Seek}
	}
	return coded{h, fi}
}

var (
	_ downloadview.StatFile   = (*variant)(nil)
	_ downloadview.RangeFile  = (*variant)(nil)
	_ downloadview.Sourcer    = (*variant)(nil)
	_ downloadview.Identifier = (*variant)(nil)
	_ downloadview.Signer     = (*variant)(nil)
)
