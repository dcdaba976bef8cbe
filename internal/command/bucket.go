package command

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"iter"
	"log/slog"
	"os"
	"strings"
	"sync/atomic"
	"time"

	"github.com/downloadview/downloadview"
	store "github.com/downloadview/downloadview/internal/bucket"
	"github.com/downloadview/downloadview/internal/wrapper"
)

// A bucket is the storage of a cloud as a server shows it. Keys that some stores
// can't hold are reported as not found.
type bucket struct {
	wrapper.Storage
	page   time.Duration // how long a page of a listing may take
	logger *slog.Logger
	absent atomic.Bool // it was logged that the bucket itself is missing
}

func newBucket(s downloadview.Storage, page time.Duration, logger *slog.Logger) *bucket {
	return &bucket{Storage: wrapper.Storage{Inner: s}, page: page, logger: logger}
}

func (b *bucket) File(key string) (downloadview.File, error) {
	if err := checkReach(key); err != nil {
		return nil, &fs.PathError{Op: "file", Path: key, Err: fmt.Errorf("%w: %w", fs.ErrInvalid, err)}
	}
	f, err := b.Inner.File(key)
	if err != nil {
		return nil, err
	}
	return b.object(f), nil
}

func (b *bucket) object(f downloadview.File) downloadview.File {
	o := &object{wrapper.File{Inner: f}, b}
	if s, ok := downloadview.Find[downloadview.StatFile](f); ok {
		return &statObject{o, s}
	}
	return o
}

// checkReach refuses keys that some stores, or some proxies in front of them, resolve
// as paths and that therefore may name another object.
func checkReach(key string) error {
	if strings.Contains(key, "../") {
		return errors.New(`a key with "../" is not supported, since some stores resolve it`)
	}
	return nil
}

// List lists the bucket. Each page of the listing must arrive within b.page.
func (b *bucket) List(ctx context.Context, folder string) iter.Seq2[fs.FileInfo, error] {
	return func(yield func(fs.FileInfo, error) bool) {
		ctx, end := context.WithCancel(ctx)
		defer end()
		t := time.AfterFunc(b.page, end)
		defer t.Stop()
		for fi, err := range b.Storage.List(ctx, folder) {
			if !t.Stop() && err != nil {
				err = fmt.Errorf("%w: waited %v for a listing: %w", downloadview.ErrUpstream, b.page, os.ErrDeadlineExceeded)
			}
			b.tellMissing(ctx, err)
			if !yield(fi, err) {
				return
			}
			t.Reset(b.page)
		}
	}
}

// tellMissing logs that the bucket itself is missing if err says so: once, until the
// bucket answers again. A client gets 404 in either case.
func (b *bucket) tellMissing(ctx context.Context, err error) {
	switch {
	case err == nil:
		if b.absent.Load() && b.absent.CompareAndSwap(true, false) {
			b.logger.LogAttrs(context.WithoutCancel(ctx), slog.LevelInfo, "the bucket exists again")
		}
	case errors.Is(err, store.ErrNoBucket):
		if b.absent.CompareAndSwap(false, true) {
			b.logger.LogAttrs(context.WithoutCancel(ctx), slog.LevelError, "the bucket is missing", slog.Any("error", err))
		}
	}
}

// An object is a file of a bucket.
type object struct {
	wrapper.File
	bucket *bucket
}

func (o *object) Pin(etag string) downloadview.File {
	return o.bucket.object(downloadview.Pin(o.Inner, etag))
}

func (o *object) Open(ctx context.Context) (fs.File, error) {
	h, err := o.Inner.Open(ctx)
	o.bucket.tellMissing(ctx, err)
	return h, err
}

func (o *object) OpenRange(ctx context.Context, offset, length int64) (fs.File, error) {
	h, err := o.File.OpenRange(ctx, offset, length)
	o.bucket.tellMissing(ctx, err)
	return h, err
}

// statObject is an object with metadata that can be had without opening it.
type statObject struct {
	*object
	inner downloadview.StatFile
}

func (o *statObject) Stat(ctx context.Context) (fs.FileInfo, error) {
	fi, err := o.inner.Stat(ctx)
	if errors.Is(err, errors.ErrUnsupported) { // Open follows, and calls tellMissing
		return nil, err
	}
	o.bucket.tellMissing(ctx, err)
	return fi, err
}

var (
	_ downloadview.StatFile  = (*statObject)(nil)
	_ downloadview.RangeFile = (*object)(nil)
	_ downloadview.Sourcer   = (*object)(nil)
	_ downloadview.Signer    = (*object)(nil)
	_ downloadview.Pinner    = (*object)(nil)
	_ downloadview.Lister    = (*bucket)(nil)
)
