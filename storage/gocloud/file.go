package gocloud

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math"
	"net/http"
	"strings"
	"time"

	"gocloud.dev/blob"
	"gocloud.dev/gcerrors"

	"github.com/downloadview/downloadview"
	"github.com/downloadview/downloadview/internal/bucket"
)

// file is an object in a bucket.
type file struct {
	storage *Storage
	key     string
}

func (f *file) Name() string { return f.key }

func (f *file) Source() (downloadview.Source, bool) {
	src := f.storage.options.Source
	if src == (downloadview.Source{}) {
		return src, false
	}
	src.Path += f.key
	return src, true
}

func (f *file) Open(ctx context.Context) (fs.File, error) {
	// Drivers without a network ignore the context.
	if err := ctx.Err(); err != nil {
		return nil, f.storage.failure(ctx, "open", f.key, err)
	}
	r, err := f.storage.source.NewReader(ctx, f.key, nil)
	if err != nil {
		return nil, f.storage.failure(ctx, "open", f.key, err)
	}
	if local, ok := f.local(r); ok && local.tellsSize() {
		return local, nil
	}
	return f.whole(ctx, r)
}

// whole returns the handle of a reader of a whole object, whose size may not be known.
func (f *file) whole(ctx context.Context, r *blob.Reader) (fs.File, error) {
	first, err := unsizedByte(r)
	if err != nil {
		r.Close()
		return nil, f.storage.failure(ctx, "open", f.key, err)
	}
	h := f.part(ctx, r, r.Size())
	if h.first = first; first != nil {
		h.attributes.Size, h.left = -1, -1
		if f.storage.onDisk { // a proxy, to which a file of such a time isn't handed over, believes the size
			h.attributes.ModTime = time.Unix(0, 0)
		}
	}
	return h, nil
}

// unsizedByte returns the first byte of r if there is one although the size is 0. Some
// drivers, such as those of S3 and Azure, have this size also for an answer without a
// Content-Length.
func unsizedByte(r *blob.Reader) ([]byte, error) {
	if r.Size() != 0 {
		return nil, nil
	}
	first := make([]byte, 1)
	switch _, err := io.ReadFull(r, first); {
	case err == io.EOF:
		return nil, nil
	case err != nil:
		return nil, err
	}
	return first, nil
}

// object is a file that is read over a network. Its metadata and ranges cost a
// request. A local file implements neither: its open handle has metadata and
// can seek.
type object struct{ file }

func (f *object) Stat(ctx context.Context) (fs.FileInfo, error) {
	if err := ctx.Err(); err != nil {
		return nil, f.storage.failure(ctx, "stat", f.key, err)
	}
	b, err := f.storage.bucket.Attributes(ctx, f.key)
	if err != nil {
		if leavesOpen(ctx, err) {
			return nil, f.storage.unsupported(ctx, "stat", f.key, "HEAD", err)
		}
		return nil, f.storage.failure(ctx, "stat", f.key, err)
	}
	// A size of 0 may be one that isn't known, and that of gzip the stored one of bytes
	// that Google decodes.
	if b.Size == 0 || strings.EqualFold(b.ContentEncoding, "gzip") {
		return f.look(ctx)
	}
	a := downloadview.Attributes{Size: b.Size, ModTime: modTime(b), ContentType: b.ContentType}
	if f.storage.options.Describe != nil {
		a.ETag, a.ContentEncoding, a.ContentLanguage = b.ETag, b.ContentEncoding, b.ContentLanguage
	}
	return a.FileInfo(f.key), nil
}

// look opens the object for its metadata.
func (f *object) look(ctx context.Context) (fs.FileInfo, error) {
	h, err := f.Open(ctx)
	if err != nil {
		return nil, err
	}
	defer h.Close() // its metadata is known
	return h.Stat()
}

// modTime returns the time that a reader will have. Clouds answer a read with
// the whole seconds of HTTP, but some list fractions, too. Drivers whose tag is
// made from the time have fractions in both.
func modTime(a *blob.Attributes) time.Time {
	if a.ETag == fmt.Sprintf(`"%x-%x"`, a.ModTime.UnixNano(), a.Size) {
		return a.ModTime
	}
	return a.ModTime.Truncate(time.Second)
}

func (f *object) OpenRange(ctx context.Context, offset, length int64) (fs.File, error) {
	if err := ctx.Err(); err != nil {
		return nil, f.storage.failure(ctx, "open", f.key, err)
	}
	switch {
	case offset < 0:
		return nil, fmt.Errorf("%q: a bucket can't be asked for the last bytes: %w", f.key, errors.ErrUnsupported)
	case length == 0:
		return nil, f.noRange(offset, "a range of no bytes")
	case length > math.MaxInt64-offset:
		length = -1
	}
	r, err := f.storage.bucket.NewRangeReader(ctx, f.key, offset, length, nil)
	if err != nil {
		if f.endsBefore(ctx, offset, err) {
			return nil, f.noRange(offset, err.Error())
		}
		if a := answerIn(err); ctx.Err() == nil && !bucket.IsUnanswered(err) && !ofAnotherService(err) && bucket.RefusesRange(a.status, a.code) {
			return nil, f.storage.unsupported(ctx, "open", f.key, "ranges", err)
		}
		return nil, f.storage.failure(ctx, "open", f.key, err)
	}
	first, err := unsizedByte(r)
	switch {
	case err != nil:
		r.Close()
		return nil, f.storage.failure(ctx, "open", f.key, err)
	case r.Size() < 0, first != nil:
		r.Close()
		return nil, &fs.PathError{Op: "open", Path: f.key, Err: fmt.Errorf("the store doesn't tell the size: %w", errors.ErrUnsupported)}
	}
	rest := r.Size() - offset
	if rest <= 0 { // drivers without a network return no error for this
		r.Close()
		return nil, f.noRange(offset, fmt.Sprintf("the size is %d", r.Size()))
	}
	if length < 0 || length > rest {
		length = rest
	}
	return f.part(ctx, r, length), nil
}

// endsBefore reports whether a read failed because the object has no bytes at
// offset. No cloud's driver classifies the status 416, and of the errors that
// they wrap only AWS's has a method for the status.
func (f *object) endsBefore(ctx context.Context, offset int64, err error) bool {
	if gcerrors.Code(err) != gcerrors.Unknown || bucket.IsUnanswered(err) || ofAnotherService(err) {
		return false
	}
	var answered interface{ HTTPStatusCode() int }
	if errors.As(err, &answered) {
		return answered.HTTPStatusCode() == http.StatusRequestedRangeNotSatisfiable
	}
	a, err := f.storage.bucket.Attributes(ctx, f.key)
	return err == nil && offset >= a.Size
}

func (f *object) noRange(offset int64, why string) error {
	return &fs.PathError{Op: "open", Path: f.key, Err: fmt.Errorf(
		"offset %d: %w: %s", offset, downloadview.ErrRange, why)}
}

var (
	_ downloadview.Sourcer   = (*file)(nil)
	_ downloadview.StatFile  = (*object)(nil)
	_ downloadview.RangeFile = (*object)(nil)
	_ downloadview.Sourcer   = (*object)(nil)
)
