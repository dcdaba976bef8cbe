package s3bucket

import (
	"bytes"
	"context"
	"io"
	"io/fs"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"github.com/downloadview/downloadview"
	"github.com/downloadview/downloadview/internal/incoming"
)

// Save stores an object, with the media type that its name has, as
// [downloadview.TypeByName] says. Up to 8 MiB are one request. What is longer
// is uploaded in parts of 8 MiB, one after the other, of which each is kept in
// memory while it is sent; after 1000 parts they get twice as large, and so on,
// so that the 10,000 parts that S3 allows hold 8 TB.
//
// An object changes when its last request is answered; where Save fails, the
// parts are removed. Those of a process that was killed are no object and not
// listed, but paid for: let a lifecycle rule (AbortIncompleteMultipartUpload)
// remove them.
func (s *Storage) Save(ctx context.Context, key string, r io.Reader) error {
	if _, err := s.File(key); err != nil {
		return err
	}
	in := incoming.NewReader(ctx, r)
	err := s.upload(ctx, s.prefix+key, in)
	switch read := in.Err(); {
	case err == nil:
		return nil
	case read != nil:
		return &fs.PathError{Op: "save", Path: key, Err: read}
	}
	return s.failure(ctx, "save", key, err)
}

// partSize returns the length of a part of an upload; the first is 1.
func partSize(number int32) int64 { return 8 << 20 << ((number - 1) / 1000) }

func (s *Storage) upload(ctx context.Context, name string, in *incoming.Reader) error {
	var part bytes.Buffer
	more, err := in.Fill(&part, partSize(1))
	if err != nil {
		return err
	}
	if more {
		return s.uploadParts(ctx, name, in, &part)
	}
	_, err = s.client.PutObject(ctx, &s3.PutObjectInput{
		Bucket:      &s.bucket,
		Key:         &name,
		ContentType: aws.String(incoming.MediaType(name)),
		Body:        bytes.NewReader(part.Bytes()),
	})
	return err
}

var _ downloadview.Saver = (*Storage)(nil)
