package readahead

import (
	"context"
	"errors"
	"io/fs"

	"github.com/downloadview/downloadview"
	"github.com/downloadview/downloadview/internal/wrapper"
)

type file struct {
	wrapper.File
	settings *settings
}

func (f *file) Pin(etag string) downloadview.File {
	return wrap(downloadview.Pin(f.Inner, etag), f.settings)
}

// Open requests the first bytes only: the answer says whether there are more.
func (f *file) Open(ctx context.Context) (fs.File, error) {
	first, err := f.File.OpenRange(ctx, 0, f.settings.minSize)
	switch {
	case errors.Is(err, downloadview.ErrRange), errors.Is(err, errors.ErrUnsupported):
		return f.Inner.Open(ctx)
	case err != nil:
		return nil, err
	}
	h, err := f.ahead(ctx, first, 0, -1)
	if h == nil && err == nil {
		return f.Inner.Open(ctx)
	}
	return h, err
}

func (f *file) OpenRange(ctx context.Context, offset, length int64) (fs.File, error) {
	if offset < 0 || length >= 0 && length <= f.settings.minSize {
		return f.File.OpenRange(ctx, offset, length)
	}
	first, err := f.File.OpenRange(ctx, offset, f.settings.minSize)
	if err != nil {
		return nil, err
	}
	h, err := f.ahead(ctx, first, offset, length)
	if h == nil && err == nil {
		return f.File.OpenRange(ctx, offset, length)
	}
	return h, err
}

// ahead returns the handle for the bytes that begin with first. It returns nil
// and no error if first may be of another version than the rest.
func (f *file) ahead(ctx context.Context, first fs.File, offset, length int64) (fs.File, error) {
	info, err := wrapper.Stat(first)
	if err != nil {
		first.Close()
		return nil, err
	}
	a := downloadview.AttributesOf(info)
	end := a.Size
	if length >= 0 && length < a.Size-offset {
		end = offset + length
	}
	switch {
	case a.Size >= 0 && end-offset <= f.settings.minSize:
		return first, nil
	case a.Size < 0, a.StrongETag() == "":
		first.Close()
		return nil, nil
	}
	return newHandle(ctx, f, first, info, offset, end), nil
}

// statFile is a file that has its metadata without being opened.
type statFile struct {
	*file
	inner downloadview.StatFile
}

func (f *statFile) Stat(ctx context.Context) (fs.FileInfo, error) { return f.inner.Stat(ctx) }

var (
	_ downloadview.StatFile  = (*statFile)(nil)
	_ downloadview.RangeFile = (*file)(nil)
	_ downloadview.Sourcer   = (*file)(nil)
	_ downloadview.Signer    = (*file)(nil)
	_ downloadview.Pinner    = (*file)(nil)
)
