package storagetest

import (
	"context"
	"io/fs"
	"time"

	"github.com/downloadview/downloadview"
)

// doors intercept the calls that open a file, or get its facts. Each method gets a
// function that makes the call to the inner file.
type doors interface {
	open(call func() (fs.File, error)) (fs.File, error)
	openRange(call func() (fs.File, error)) (fs.File, error)
	stat(call func() (fs.FileInfo, error)) (fs.FileInfo, error)
}

// guardedStorage is a storage whose files' calls go through doors.
type guardedStorage struct {
	forward
	doors doors
}

func (s guardedStorage) File(key string) (downloadview.File, error) {
	f, err := s.inner.File(key)
	if f == nil || err != nil {
		return nil, err
	}
	return guard(f, s.doors), nil
}

func (s guardedStorage) Exists(ctx context.Context, key string) (bool, error) {
	return exists(ctx, s.inner, s, key)
}

// guard returns a file that makes calls to f through d. It implements the optional
// interfaces that f implements, one in each layer. Each layer unwraps to the next
// one; the last one doesn't unwrap to f.
func guard(f downloadview.File, d doors) downloadview.File {
	var g downloadview.File = guardedFile{f, d}
	if s, ok := downloadview.Find[downloadview.Sourcer](f); ok {
		g = guardedSource{layer{g}, s}
	}
	if i, ok := downloadview.Find[downloadview.Identifier](f); ok {
		g = guardedIdentity{layer{g}, i}
	}
	if s, ok := downloadview.Find[downloadview.Signer](f); ok {
		g = guardedSigner{layer{g}, s}
	}
	if p, ok := downloadview.Find[downloadview.Pinner](f); ok {
		g = guardedPin{layer{g}, p, d}
	}
	if s, ok := downloadview.Find[downloadview.StatFile](f); ok {
		g = guardedStat{layer{g}, s, d}
	}
	if r, ok := downloadview.Find[downloadview.RangeFile](f); ok {
		g = guardedRange{layer{g}, r, d}
	}
	return g
}

type guardedFile struct {
	inner downloadview.File
	doors doors
}

func (f guardedFile) Name() string { return f.inner.Name() }

func (f guardedFile) Open(ctx context.Context) (fs.File, error) {
	return f.doors.open(func() (fs.File, error) { return f.inner.Open(ctx) })
}

type layer struct{ downloadview.File }

func (l layer) Unwrap() downloadview.File { return l.File }

type guardedSource struct {
	layer
	downloadview.Sourcer
}

type guardedIdentity struct {
	layer
	downloadview.Identifier
}

type guardedSigner struct {
	layer
	inner downloadview.Signer
}

func (f guardedSigner) SignedURL(ctx context.Context, o downloadview.SignOptions) (string, time.Time, error) {
	return f.inner.SignedURL(ctx, o)
}

// guardedPin returns pinned files whose calls go through the same doors.
type guardedPin struct {
	layer
	inner downloadview.Pinner
	doors doors
}

func (f guardedPin) Pin(etag string) downloadview.File {
	pinned := f.inner.Pin(etag)
	if pinned == nil {
		return nil
	}
	return guard(pinned, f.doors)
}

type guardedStat struct {
	layer
	inner downloadview.StatFile
	doors doors
}

func (f guardedStat) Stat(ctx context.Context) (fs.FileInfo, error) {
	return f.doors.stat(func() (fs.FileInfo, error) { return f.inner.Stat(ctx) })
}

type guardedRange struct {
	layer
	inner downloadview.RangeFile
	doors doors
}

func (f guardedRange) OpenRange(ctx context.Context, offset, length int64) (fs.File, error) {
	return f.doors.openRange(func() (fs.File, error) { return f.inner.OpenRange(ctx, offset, length) })
}

var (
	_ everything              = guardedStorage{}
	_ downloadview.File       = guardedFile{}
	_ downloadview.Sourcer    = guardedSource{}
	_ downloadview.Identifier = guardedIdentity{}
	_ downloadview.Signer     = guardedSigner{}
	_ downloadview.Pinner     = guardedPin{}
	_ downloadview.StatFile   = guardedStat{}
	_ downloadview.RangeFile  = guardedRange{}
)
