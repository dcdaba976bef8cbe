package middleware

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"strconv"
	"time"

	"github.com/downloadview/downloadview"
)

// A knownVersion is a version, and the time after which a further change gets another.
type knownVersion struct {
	FileVersion
	settles time.Time
}

// fileVersion returns the version of f that has the metadata fi.
func fileVersion(f downloadview.File, fi fs.FileInfo) (knownVersion, bool) {
	var v knownVersion
	id, named := downloadview.IdentityOf(f)
	if !named {
		id, named = localName(f)
	}
	v.File = id
	a := downloadview.AttributesOf(fi)
	if !named {
		return v, false
	}
	if inode, changed, ok := inodeOf(fi.Sys()); ok {
		v.Version = fmt.Sprintf("%d-%d-%d-%d", a.Size, a.ModTime.UnixNano(), inode, changed.UnixNano())
		v.settles = changed.Add(precisionOf(changed))
		return v, true
	}
	if tag := a.StrongETag(); tag != "" {
		v.Version = url.QueryEscape(tag)
		return v, true
	}
	if !downloadview.UsefulModTime(a.ModTime) || a.Size < 0 {
		return v, false
	}
	v.Version = strconv.FormatInt(a.Size, 10) + "-" + strconv.FormatInt(a.ModTime.UnixNano(), 10)
	v.settles = a.ModTime.Add(precisionOf(a.ModTime))
	return v, true
}

// precisionOf returns more than the time within which two changes may get the same time.
// The clock of most file systems ticks every few milliseconds, others keep seconds.
func precisionOf(t time.Time) time.Duration {
	if t.Nanosecond() == 0 {
		return longestPrecision
	}
	return 100 * time.Millisecond
}

const longestPrecision = 2 * time.Second

// localName returns the URL of a local file, which is ASCII whatever the path is.
func localName(f downloadview.File) (string, bool) {
	src, ok := downloadview.SourceOf(f)
	if !ok || src.Scheme != "file" || src.Host != "" {
		return "", false
	}
	return (&url.URL{Scheme: src.Scheme, Path: src.Path}).String(), true
}

// file returns f with the digests and tags of d.
func (d *Digests) file(f downloadview.File, asked wishes) downloadview.File {
	g := digested{d, f, asked}
	if _, ok := downloadview.Find[downloadview.RangeFile](f); ok {
		return digestedRanges{digestedStat{g}}
	}
	if _, ok := downloadview.Find[downloadview.StatFile](f); ok {
		return digestedStat{g}
	}
	return g
}

// A digested file adds its digest to the metadata of its handles.
type digested struct {
	digests *Digests
	inner   downloadview.File
	asked   wishes
}

// describe returns fi with what d knows. If nothing is known of a local file, it will
// be later.
func (f digested) describe(ctx context.Context, fi fs.FileInfo) fs.FileInfo {
	a := downloadview.AttributesOf(fi)
	if !fi.Mode().IsRegular() {
		return fi
	}
	found := false
	tagged := a.StrongETag() != "" || downloadview.UsefulModTime(a.ModTime)
	asked := f.asked.coded || f.asked.unencoded && a.ContentEncoding == ""
	if asked && a.ReprDigest == "" || !tagged {
		if sum, ok := f.digests.known(ctx, f.inner, fi); ok {
			found = true
			if a.ReprDigest == "" {
				a.ReprDigest = reprDigestOf(sum)
			}
			if !tagged {
				a.ETag = tagOf(sum)
			}
		}
	}
	if f.asked.unencoded && a.ContentEncoding != "" && a.UnencodedDigest == "" {
		if v, ok := downloadview.Find[*variant](f.inner); ok {
			if sum, ok := f.digests.known(ctx, v.original, v.ofInfo); ok {
				found = true
				a.UnencodedDigest = reprDigestOf(sum)
			}
		}
	}
	if !found {
		return fi
	}
	return describedInfo{fi, a, fi}
}

// known returns the digest of the version of f with the metadata fi. If that of a local
// file isn't known, it will be later.
func (d *Digests) known(ctx context.Context, f downloadview.File, fi fs.FileInfo) (sum [sha256.Size]byte, ok bool) {
	v, ok := fileVersion(f, fi)
	if !ok {
		return sum, false
	}
	sum, ok, err := d.log.Digest(ctx, v.FileVersion)
	if _, local := localName(f); !ok && err == nil && local {
		d.later(f, v.FileVersion)
	}
	return sum, ok && err == nil
}

func (f digested) Name() string { return f.inner.Name() }

// undigested returns the file without what the digests add.
func (f digested) undigested() downloadview.File { return f.inner }

func (f digested) Open(ctx context.Context) (fs.File, error) {
	h, fi, err := f.OpenStat(ctx)
	if err != nil {
		return nil, err
	}
	return describedHandle(h, fi), nil
}

// OpenStat is Open without a wrapper of the handle, so that the kernel can send it.
func (f digested) OpenStat(ctx context.Context) (fs.File, fs.FileInfo, error) {
	h, fi, err := openStat(ctx, f.inner)
	if err != nil {
		return nil, nil, err
	}
	return h, f.describeOpen(ctx, h, fi), nil
}

// describeOpen is describe of an open handle, which it closes if the log panics.
func (f digested) describeOpen(ctx context.Context, h fs.File, fi fs.FileInfo) fs.FileInfo {
	described := false
	defer func() {
		if !described {
			h.Close()
		}
	}()
	fi = f.describe(ctx, fi)
	described = true
	return fi
}

// openStat opens f and returns the metadata of the handle, by the method OpenStat if f
// has it.
func openStat(ctx context.Context, f downloadview.File) (fs.File, fs.FileInfo, error) {
	if s, ok := f.(interface {
		OpenStat(ctx context.Context) (fs.File, fs.FileInfo, error)
	}); ok {
		return s.OpenStat(ctx)
	}
	h, err := f.Open(ctx)
	if err != nil {
		return nil, nil, err
	}
	fi, err := h.Stat()
	if err != nil {
		h.Close()
		return nil, nil, err
	}
	return h, fi, nil
}

// Source returns the source of the file.
func (f digested) Source() (downloadview.Source, bool) { return downloadview.SourceOf(f.inner) }

// Identity returns the identity of the file.
func (f digested) Identity() (string, bool) { return downloadview.IdentityOf(f.inner) }

// SignedURL signs a URL of the file.
func (f digested) SignedURL(ctx context.Context, o downloadview.SignOptions) (string, time.Time, error) {
	return downloadview.SignedURL(ctx, f.inner, o)
}

// digestedStat is a digested file that knows its metadata without being opened.
type digestedStat struct{ digested }

// Stat returns the metadata if it is known without opening the file.
func (f digestedStat) Stat(ctx context.Context) (fs.FileInfo, error) {
	s, ok := downloadview.Find[downloadview.StatFile](f.inner)
	if !ok {
		return nil, errors.ErrUnsupported
	}
	fi, err := s.Stat(ctx)
	if err != nil || fi == nil {
		return fi, err
	}
	return f.describe(ctx, fi), nil
}

// digestedRanges is a digested file that can be opened in the middle.
type digestedRanges struct{ digestedStat }

func (f digestedRanges) OpenRange(ctx context.Context, offset, length int64) (fs.File, error) {
	r, ok := downloadview.Find[downloadview.RangeFile](f.inner)
	if !ok {
		return nil, errors.ErrUnsupported
	}
	h, err := r.OpenRange(ctx, offset, length)
	if err != nil {
		return nil, err
	}
	fi, err := h.Stat()
	if err != nil {
		h.Close()
		return nil, err
	}
	return describedHandle(h, f.describeOpen(ctx, h, fi)), nil
}

// Pin returns the file in one version, if its store can. A tag that is made of a digest
// is not the store's: it is compared with that of the handle.
func (f digestedRanges) Pin(etag string) downloadview.File {
	if isOfDigest(etag) {
		return f
	}
	f.inner = downloadview.Pin(f.inner, etag)
	return f
}

var (
	_ downloadview.StatFile   = digestedStat{}
	_ downloadview.Sourcer    = digested{}
	_ downloadview.Identifier = digested{}
	_ downloadview.Signer     = digested{}
	_ downloadview.RangeFile  = digestedRanges{}
	_ downloadview.Pinner     = digestedRanges{}
)
