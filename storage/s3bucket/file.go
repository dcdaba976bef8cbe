package s3bucket

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"math"
	"strconv"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"github.com/downloadview/downloadview"
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
	return f.handle(out, known(out.ContentLength)), nil
}

func (f *file) OpenRange(ctx context.Context, offset, length int64) (fs.File, error) {
	if offset >= 0 && length == 0 {
		return nil, &fs.PathError{Op: "open", Path: f.key, Err: fmt.Errorf(
			"a range of no bytes at %d: %w", offset, downloadview.ErrRange)}
	}
	asked := byteRange(offset, length)
	out, err := f.get(ctx, &asked)
	if err != nil {
		return nil, err
	}
	size, err := sizeOfPart(out, offset, length)
	if err != nil {
		out.Body.Close()
		if errors.Is(err, downloadview.ErrRange) || errors.Is(err, errors.ErrUnsupported) {
			return nil, &fs.PathError{Op: "open", Path: f.key, Err: err}
		}
		return nil, failure("open", f.key, err)
	}
	return f.handle(out, size), nil
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

// byteRange returns the Range field for the arguments of OpenRange.
func byteRange(offset, length int64) string {
	switch {
	case offset < 0:
		return "bytes=" + strconv.FormatInt(max(offset, -math.MaxInt64), 10)
	case length < 0, length > math.MaxInt64-offset:
		return "bytes=" + strconv.FormatInt(offset, 10) + "-"
	}
	return "bytes=" + strconv.FormatInt(offset, 10) + "-" + strconv.FormatInt(offset+length-1, 10)
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

// handle returns the open handle of an answer, for an object of size bytes.
func (f *file) handle(out *s3.GetObjectOutput, size int64) *handle {
	return &handle{
		body: out.Body,
		left: aws.ToInt64(out.ContentLength),
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
