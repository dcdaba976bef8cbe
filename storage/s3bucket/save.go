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

// Save stores an object, with the media type of its name, as
// [downloadview.TypeByName] says. Up to 8 MiB are sent in one request. More is
// uploaded in parts of 8 MiB, one after the other; each is kept in memory while
// it is sent. The part size doubles after every 1000 parts, so the 10,000 parts
// that S3 allows hold 8 TB.
//
// The object changes when the last request has been answered. If Save fails, it
// removes the parts. If the process is killed, the parts stay: they aren't
// objects and aren't listed, but they are charged. Set a lifecycle rule
// (AbortIncompleteMultipartUpload) to remove them.
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

// partSize returns the size of a part of an upload, in bytes. The first part is
// number 1.
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
