package resume

import (
	"context"
	"fmt"
	"io"
	"io/fs"
	"time"

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

func (f *file) Open(ctx context.Context) (fs.File, error) {
	h := &handle{ctx: ctx, file: f, patience: patience{settings: f.settings}}
	err := h.open(func(ctx context.Context) (fs.File, error) { return wrapper.Open(ctx, f.Inner) })
	if err != nil {
		return nil, err
	}
	h.end = h.size
	if s, ok := h.attempt.handle.(io.Seeker); ok {
		return &seeking{h, h.attempt, s}, nil
	}
	return h, nil
}

func (f *file) OpenRange(ctx context.Context, offset, length int64) (fs.File, error) {
	h := &handle{ctx: ctx, file: f, patience: patience{settings: f.settings}}
	err := h.open(func(ctx context.Context) (fs.File, error) {
		return f.File.OpenRange(ctx, offset, length)
	})
	if err != nil {
		return nil, err
	}
	h.end = h.size
	switch {
	case h.size < 0:
		h.tag = "" // the offset of the bytes is unknown
	case offset < 0:
		h.next = max(h.size+offset, 0)
	case offset > h.size:
		h.Close()
		return nil, fmt.Errorf("a range from %d of %q, which has %d bytes: %w",
			offset, f.Name(), h.size, downloadview.ErrUpstream)
	default:
		h.next = offset
		if length >= 0 && length < h.size-offset {
			h.end = offset + length
		}
	}
	return h, nil
}

// statFile is a file that has its metadata without being opened.
type statFile struct {
	*file
	inner downloadview.StatFile
}

func (f *statFile) Stat(ctx context.Context) (fs.FileInfo, error) {
	p := patience{settings: f.settings}
	for {
		var fi fs.FileInfo
		err := p.try(func(limit time.Duration) error {
			ctx, end := context.WithCancel(ctx)
			defer end()
			return within(limit, end, func() (err error) {
				fi, err = f.inner.Stat(ctx)
				return err
			})
		})
		if err == nil {
			return fi, nil
		}
		if err = p.pause(ctx, err); err != nil {
			return nil, err
		}
	}
}

var (
	_ downloadview.StatFile  = (*statFile)(nil)
	_ downloadview.RangeFile = (*file)(nil)
	_ downloadview.Sourcer   = (*file)(nil)
	_ downloadview.Signer    = (*file)(nil)
	_ downloadview.Pinner    = (*file)(nil)
)
