package s3bucket

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"github.com/downloadview/downloadview"
	"github.com/downloadview/downloadview/internal/httprange"
)

type file struct {
	storage *Storage
	key     string
}

func (f *file) Name() string { return f.key }

func (f *file) Source() (downloadview.Source, bool) {
	return downloadview.Source{Scheme: "s3", Host: f.storage.bucket, Path: f.storage.prefix + f.key}, true
}

func (f *file) Stat(ctx context.Context) (fs.FileInfo, error) {
	out, err := f.storage.client.HeadObject(ctx, &s3.HeadObjectInput{
		Bucket: &f.storage.bucket,
		Key:    aws.String(f.storage.prefix + f.key),
	})
	if err != nil {
		return nil, failure("stat", f.key, err)
	}
	return downloadview.Attributes{
		Size:            known(out.ContentLength),
		ModTime:         aws.ToTime(out.LastModified),
		ETag:            quoted(out.ETag),
		ContentType:     aws.ToString(out.ContentType),
		ContentEncoding: aws.ToString(out.ContentEncoding),
		ContentLanguage: aws.ToString(out.ContentLanguage),
	}.FileInfo(f.key), nil
}

func (f *file) Open(ctx context.Context) (fs.File, error) {
	out, err := f.get(ctx, nil)
	if err != nil {
		return nil, err
	}
	if out.ContentRange != nil {
		out.Body.Close()
		return nil, failure("open", f.key, fmt.Errorf(
			"asked for the whole, got the range %q", *out.ContentRange))
	}
	size := known(out.ContentLength)
	return f.handle(out, size, size), nil
}

func (f *file) OpenRange(ctx context.Context, offset, length int64) (fs.File, error) {
	if offset >= 0 && length == 0 {
		return nil, &fs.PathError{Op: "open", Path: f.key, Err: fmt.Errorf(
			"a range of no bytes at %d: %w", offset, downloadview.ErrRange)}
	}
	asked := httprange.Field(offset, length)
	out, err := f.get(ctx, &asked)
	if err != nil {
		return nil, err
	}
	size, part, err := httprange.Check(aws.ToString(out.ContentRange), known(out.ContentLength), offset, length)
	if err != nil {
		out.Body.Close()
		if errors.Is(err, downloadview.ErrRange) || errors.Is(err, errors.ErrUnsupported) {
			return nil, &fs.PathError{Op: "open", Path: f.key, Err: err}
		}
		return nil, failure("open", f.key, err)
	}
	return f.handle(out, size, part), nil
}

func (f *file) get(ctx context.Context, byteRange *string) (*s3.GetObjectOutput, error) {
	out, err := f.storage.client.GetObject(ctx, &s3.GetObjectInput{
		Bucket: &f.storage.bucket,
		Key:    aws.String(f.storage.prefix + f.key),
		Range:  byteRange,
	}, unvalidated)
	if err != nil {
		return nil, failure("open", f.key, err)
	}
	return out, nil
}

// unvalidated keeps the SDK from hashing and from logging that it did not.
func unvalidated(o *s3.Options) {
	o.ResponseChecksumValidation = aws.ResponseChecksumValidationWhenRequired
}

// known returns *n, or -1 where it is not known.
func known(n *int64) int64 {
	if n == nil {
		return -1
	}
	return *n
}

// quoted returns the tag in its quotes, which some stores leave out.
func quoted(tag *string) string {
	if tag == nil || *tag == "" || strings.HasPrefix(*tag, `"`) || strings.HasPrefix(*tag, "W/") {
		return aws.ToString(tag)
	}
	return `"` + *tag + `"`
}

// handle returns the open handle of an answer that has length bytes of an
// object of size.
func (f *file) handle(out *s3.GetObjectOutput, size, length int64) *handle {
	return &handle{
		body: httprange.NewBody(out.Body, length),
		key:  f.key,
		attributes: downloadview.Attributes{
			Size:            size,
			ModTime:         aws.ToTime(out.LastModified),
			ETag:            quoted(out.ETag),
			ContentType:     aws.ToString(out.ContentType),
			ContentEncoding: aws.ToString(out.ContentEncoding),
			ContentLanguage: aws.ToString(out.ContentLanguage),
		},
	}
}

var (
	_ downloadview.StatFile  = (*file)(nil)
	_ downloadview.RangeFile = (*file)(nil)
	_ downloadview.Sourcer   = (*file)(nil)
)
