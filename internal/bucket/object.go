package bucket

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"time"

	"github.com/downloadview/downloadview"
	"github.com/downloadview/downloadview/internal/wrapper"
)

// A Reader is a file of a bucket that returns the store's errors unchanged.
type Reader interface {
	downloadview.StatFile
	downloadview.RangeFile
}

// Object returns f for reading. If the store denies access to f, which is
// [fs.ErrPermission], the error is [fs.ErrNotExist] instead and the logger gets
// a line (Warn): without permission to list the bucket, stores answer in the
// same way for missing objects. A nil logger is [slog.Default].
//
// Save, Delete, List and Exists must report that access is denied. They use f
// itself.
func Object(f Reader, l *slog.Logger) downloadview.File {
	return &object{wrapper.File{Inner: f}, f, l}
}

type object struct {
	wrapper.File
	reader Reader // the same
	logger *slog.Logger
}

func (o *object) Stat(ctx context.Context) (fs.FileInfo, error) {
	fi, err := o.reader.Stat(ctx)
	if err != nil {
		return nil, o.failure(ctx, err)
	}
	return fi, nil
}

func (o *object) Open(ctx context.Context) (fs.File, error) {
	h, err := o.reader.Open(ctx)
	if err != nil {
		return nil, o.failure(ctx, err)
	}
	return h, nil
}

func (o *object) OpenRange(ctx context.Context, offset, length int64) (fs.File, error) {
	h, err := o.reader.OpenRange(ctx, offset, length)
	if err != nil {
		return nil, o.failure(ctx, err)
	}
	return h, nil
}

func (o *object) SignedURL(ctx context.Context, so downloadview.SignOptions) (string, time.Time, error) {
	if s, ok := downloadview.Find[downloadview.Signer](o.reader); ok {
		return s.SignedURL(ctx, so)
	}
	return o.File.SignedURL(ctx, so)
}

func (o *object) Pin(etag string) downloadview.File {
	pinned := downloadview.Pin(o.reader, etag)
	if r, ok := pinned.(Reader); ok {
		return Object(r, o.logger)
	}
	return pinned
}

func (o *object) failure(ctx context.Context, err error) error {
	switch {
	case !errors.Is(err, fs.ErrPermission):
		return err
	case errors.Is(err, errors.ErrUnsupported): // the caller tries another way, whose error counts
		return err
	}
	l := o.logger
	if l == nil {
		l = slog.Default()
	}
	which := slog.String("key", o.Name())
	if src, ok := o.Source(); ok {
		which = slog.String("source", src.String())
	}
	l.LogAttrs(ctx, slog.LevelWarn, "access denied to an object, which may be missing", which, slog.Any("error", err))
	op, path := "open", o.Name()
	if e, ok := errors.AsType[*fs.PathError](err); ok {
		op, path, err = e.Op, e.Path, e.Err
	}
	return &fs.PathError{Op: op, Path: path, Err: fmt.Errorf("%w, or %w", fs.ErrNotExist, downloadview.AsCause(err))}
}

var (
	_ downloadview.StatFile   = (*object)(nil)
	_ downloadview.RangeFile  = (*object)(nil)
	_ downloadview.Sourcer    = (*object)(nil)
	_ downloadview.Identifier = (*object)(nil)
	_ downloadview.Signer     = (*object)(nil)
	_ downloadview.Pinner     = (*object)(nil)
)
