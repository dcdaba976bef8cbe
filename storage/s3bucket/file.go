package s3bucket

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net/http"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"github.com/downloadview/downloadview"
	"github.com/downloadview/downloadview/internal/bucket"
	"github.com/downloadview/downloadview/internal/httprange"
)

type file struct {
	storage *Storage
	key     string
	version *string // entity tag; nil: any
}

func (f *file) Name() string { return f.key }

func (f *file) Source() (downloadview.Source, bool) {
	return downloadview.Source{Scheme: "s3", Host: f.storage.bucket, Path: f.storage.prefix + f.key}, true
}

// Stat sends a HEAD request. If, after its answer, a GET may still succeed, the
// error is also [errors.ErrUnsupported], so that the object is opened instead.
func (f *file) Stat(ctx context.Context) (fs.FileInfo, error) {
	out, err := f.head(ctx)
	switch {
	case err == nil:
	case ctx.Err() == nil && answerOf(err).leavesOpen():
		err = fmt.Errorf("%w: %w for HEAD", f.storage.classified(ctx, err), errors.ErrUnsupported)
		return nil, &fs.PathError{Op: "stat", Path: f.key, Err: err}
	default:
		return nil, f.failure(ctx, "stat", err)
	}
	if isArchived(out) {
		return nil, &fs.PathError{Op: "stat", Path: f.key, Err: archived(fmt.Errorf("storage class %s", out.StorageClass))}
	}
	return f.looked(out), nil
}

func (f *file) head(ctx context.Context) (*s3.HeadObjectOutput, error) {
	out, err := f.storage.client.HeadObject(ctx, &s3.HeadObjectInput{
		Bucket:       &f.storage.bucket,
		Key:          aws.String(f.storage.prefix + f.key),
		IfMatch:      f.version,
		ChecksumMode: types.ChecksumModeEnabled,
	}, readable)
	if err != nil {
		return nil, err
	}
	f.storage.learn(out.ResultMetadata)
	if status := statusOf(out.ResultMetadata); status != http.StatusOK {
		return nil, otherStatus(status, "the object's metadata")
	}
	return out, nil
}

// find returns nil if the object exists. If the answer to HEAD leaves that
// open, find reads the first byte.
func (f *file) find(ctx context.Context) error {
	_, err := f.head(ctx)
	if err == nil || !answerOf(err).leavesOpen() {
		return err
	}
	out, again := f.storage.client.GetObject(ctx, f.input(aws.String("bytes=0-0")), unvalidated, readable)
	switch {
	case again == nil:
		return out.Body.Close()
	case answerOf(again).status == http.StatusRequestedRangeNotSatisfiable:
		return nil // it is empty
	}
	return again
}

func (f *file) Open(ctx context.Context) (fs.File, error) {
	out, status, err := f.storage.get(ctx, f.input(nil))
	if err != nil {
		return nil, f.failure(ctx, "open", err)
	}
	if status != http.StatusOK || out.ContentRange != nil {
		out.Body.Close()
		return nil, f.failure(ctx, "open", otherStatus(status, "the whole object"))
	}
	size := bucket.Size(out.ContentLength)
	return f.handle(ctx, out, size, size), nil
}

func (f *file) OpenRange(ctx context.Context, offset, length int64) (fs.File, error) {
	if offset >= 0 && length == 0 {
		return nil, &fs.PathError{Op: "open", Path: f.key, Err: fmt.Errorf(
			"a range of no bytes at %d: %w", offset, downloadview.ErrRange)}
	}
	asked := httprange.Field(offset, length)
	out, status, err := f.storage.get(ctx, f.input(&asked))
	if err != nil {
		if a := answerOf(err); ctx.Err() == nil && bucket.RefusesRange(a.status, a.code) {
			err = fmt.Errorf("%w: %w for ranges", f.storage.classified(ctx, err), errors.ErrUnsupported)
			return nil, &fs.PathError{Op: "open", Path: f.key, Err: err}
		}
		return nil, f.failure(ctx, "open", err)
	}
	size, part, err := httprange.CheckAnswer(status, aws.ToString(out.ContentRange), bucket.Size(out.ContentLength), offset, length)
	if err != nil {
		out.Body.Close()
		if errors.Is(err, downloadview.ErrRange) || errors.Is(err, errors.ErrUnsupported) {
			return nil, &fs.PathError{Op: "open", Path: f.key, Err: err}
		}
		return nil, f.failure(ctx, "open", err)
	}
	return f.handle(ctx, out, size, part), nil
}

func (f *file) input(byteRange *string) *s3.GetObjectInput {
	return &s3.GetObjectInput{
		Bucket:  &f.storage.bucket,
		Key:     aws.String(f.storage.prefix + f.key),
		Range:   byteRange,
		IfMatch: f.version,
	}
}

// handle returns the open handle of an answer with length bytes of an object of
// size bytes.
func (f *file) handle(ctx context.Context, out *s3.GetObjectOutput, size, length int64) *bucket.Handle {
	return &bucket.Handle{Ctx: ctx, Key: f.key, Body: httprange.NewBody(out.Body, length), Info: f.got(out, size)}
}

var (
	_ downloadview.StatFile  = (*file)(nil)
	_ downloadview.RangeFile = (*file)(nil)
	_ downloadview.Sourcer   = (*file)(nil)
)
