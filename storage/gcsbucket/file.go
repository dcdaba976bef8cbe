package gcsbucket

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"math"
	"net/http"

	"cloud.google.com/go/storage"

	"github.com/downloadview/downloadview"
	"github.com/downloadview/downloadview/internal/bucket"
	"github.com/downloadview/downloadview/internal/httprange"
)

type file struct {
	storage    *Storage
	key        string
	generation int64 // pinned; 0: any, negative: one that can't exist
}

func (f *file) Name() string { return f.key }

func (f *file) Source() (downloadview.Source, bool) {
	return downloadview.Source{Scheme: "gs", Host: f.storage.bucket, Path: f.storage.o.Prefix + f.key}, true
}

func (f *file) Stat(ctx context.Context) (fs.FileInfo, error) {
	if f.generation < 0 {
		return nil, f.failure(ctx, "stat", errForeign)
	}
	asked, seen := watched(ctx)
	a, err := f.object().Attrs(asked)
	if err != nil && ctx.Err() == nil && leavesOpen(err) {
		err = fmt.Errorf("%w: %w for metadata", classified(ctx, err), errors.ErrUnsupported)
		return nil, &fs.PathError{Op: "stat", Path: f.key, Err: err}
	}
	if err != nil {
		return nil, f.failure(ctx, "stat", err)
	}
	if seen.isOther(http.StatusOK) {
		return nil, f.failure(ctx, "stat", fmt.Errorf("asked for the object's metadata, got %s", seen))
	}
	return f.looked(a, seen), nil
}

func (f *file) Open(ctx context.Context) (fs.File, error) {
	r, seen, err := f.read(ctx, 0, -1)
	if err != nil {
		return nil, f.failure(ctx, "open", err)
	}
	size := sizeOf(r)
	if seen.isOther(http.StatusOK) {
		r.Close()
		return nil, f.failure(ctx, "open", fmt.Errorf("asked for the whole object, got %s", seen))
	}
	if r.Attrs.StartOffset != 0 || r.Remain() != 0 && size >= 0 && r.Remain() != size {
		defer r.Close()
		return nil, f.failure(ctx, "open", fmt.Errorf(
			"asked for the whole object, got %d bytes at %d of %d", r.Remain(), r.Attrs.StartOffset, size))
	}
	return f.handle(ctx, r, seen, size), nil
}

func (f *file) OpenRange(ctx context.Context, offset, length int64) (fs.File, error) {
	switch {
	case offset >= 0 && length == 0:
		return nil, f.noRange(fmt.Errorf("a range of no bytes at %d: %w", offset, downloadview.ErrRange))
	case offset < 0:
		offset, length = max(offset, -math.MaxInt64), -1
	case length > math.MaxInt64-offset:
		length = -1
	}
	r, seen, err := f.read(ctx, offset, length)
	if err != nil && ctx.Err() == nil && refusesRange(err) {
		return nil, f.noRange(fmt.Errorf("%w: %w for ranges", classified(ctx, err), errors.ErrUnsupported))
	}
	if err != nil {
		return nil, f.failure(ctx, "open", err)
	}
	if seen.isOther(http.StatusOK, http.StatusPartialContent) {
		r.Close()
		return nil, f.failure(ctx, "open", fmt.Errorf("asked for a range, got %s", seen))
	}
	part, err := check(r, offset, length)
	if err != nil {
		r.Close()
		if errors.Is(err, downloadview.ErrRange) || errors.Is(err, errors.ErrUnsupported) {
			return nil, f.noRange(err)
		}
		return nil, f.failure(ctx, "open", err)
	}
	return f.handle(ctx, r, seen, part), nil
}

func (f *file) noRange(err error) error { return &fs.PathError{Op: "open", Path: f.key, Err: err} }

// check returns the length of the range in r, or an error if it isn't the range
// that was asked for.
func check(r *storage.Reader, offset, length int64) (int64, error) {
	size, first := sizeOf(r), offset
	if offset < 0 {
		first = max(size+offset, 0)
	}
	part := size - first
	if length >= 0 {
		part = min(part, length)
	}
	came := r.Remain() // 0 if the answer has no length
	switch {
	case size == 0:
		return 0, fmt.Errorf("the file is empty: %w", downloadview.ErrRange)
	case part > 0 && r.Attrs.StartOffset == first && (came == part || came == 0):
		return part, nil
	case r.Attrs.StartOffset == 0 && (size < 0 || came == size):
		return 0, fmt.Errorf("the range %s was ignored: %w", httprange.Field(offset, length), errors.ErrUnsupported)
	}
	return 0, fmt.Errorf("asked for %s, got %d bytes at %d of %d",
		httprange.Field(offset, length), came, r.Attrs.StartOffset, size)
}

// read asks for bytes as they are stored.
func (f *file) read(ctx context.Context, offset, length int64) (*storage.Reader, *seen, error) {
	if f.generation < 0 {
		return nil, nil, errForeign
	}
	ctx, seen := watched(ctx)
	once := &once{Context: ctx}
	r, err := f.object().ReadCompressed(true).NewRangeReader(once, offset, length)
	once.opened.Store(true)
	return r, seen, err
}

func (f *file) object() *storage.ObjectHandle {
	o := f.storage.object(f.key)
	if f.generation > 0 {
		o = o.Generation(f.generation)
	}
	return o
}

// handle returns the open handle of r, which has length bytes.
func (f *file) handle(ctx context.Context, r *storage.Reader, seen *seen, length int64) *bucket.Handle {
	return &bucket.Handle{Ctx: ctx, Key: f.key, Body: body{httprange.NewBody(r, length)}, Info: f.got(r, seen)}
}

var (
	_ downloadview.StatFile  = (*file)(nil)
	_ downloadview.RangeFile = (*file)(nil)
	_ downloadview.Sourcer   = (*file)(nil)
)
