package middleware

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"time"

	"github.com/downloadview/downloadview"
)

// A variant is a File with the bytes of sibling and the name and type of original. If
// sibling is missing when it is opened, or is no variant any more, the variant is
// original.
type variant struct {
	original, sibling downloadview.File
	coding            string
	stored            bool                    // the store keeps the coding with sibling, and sends it
	of                downloadview.Attributes // of original
	ofInfo            fs.FileInfo             // of original
	info              fs.FileInfo             // of sibling, described
	tag               string                  // of the view, for original; may be ""
}

// findIn is [downloadview.Find], which looks also at the files inside of [Digests].
func findIn[T downloadview.File](f downloadview.File) (T, bool) {
	for {
		if found, ok := downloadview.Find[T](f); ok {
			return found, true
		}
		d, ok := downloadview.Find[interface {
			downloadview.File
			undigested() downloadview.File
		}](f)
		if !ok {
			var none T
			return none, false
		}
		f = d.undigested()
	}
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
	of.UnencodedDigest = of.ReprDigest
	of.Size, of.SoFar, of.ModTime, of.ReprDigest, of.Metadata = a.Size, a.SoFar, a.ModTime, a.ReprDigest, a.Metadata
	of.ETag, of.ContentEncoding = codedTag(a.StrongETag(), f.coding), f.coding
	return describedInfo{of.FileInfo(f.Name()), of, fi}
}

// A describedInfo has other attributes than the system's fs.FileInfo.
type describedInfo struct {
	fs.FileInfo
	attributes downloadview.Attributes
	sent       fs.FileInfo // of the file whose bytes are sent
}

func (i describedInfo) Attributes() downloadview.Attributes { return i.attributes }
func (i describedInfo) Sys() any                            { return i.sent.Sys() }

// HasRanges is what the file whose bytes are sent says; see [downloadview.RangeFile].
func (i describedInfo) HasRanges() bool {
	s, ok := i.sent.(interface{ HasRanges() bool })
	return !ok || s.HasRanges()
}

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
	return describedInfo{fi, a, fi}
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

// Identity returns the identity of the sibling; another one if the store doesn't send the
// coding: a URL that was signed for the sibling itself is not one for the variant.
func (f *variant) Identity() (string, bool) {
	id, ok := downloadview.IdentityOf(f.sibling)
	if ok && !f.stored {
		id += ";" + f.coding
	}
	return id, ok
}

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
