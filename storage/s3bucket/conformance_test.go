package s3bucket_test

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"iter"
	"testing"

	"github.com/aws/smithy-go"

	"github.com/downloadview/downloadview"
	"github.com/downloadview/downloadview/internal/buckettest"
	"github.com/downloadview/downloadview/internal/s3test"
	"github.com/downloadview/downloadview/storage/s3bucket"
	"github.com/downloadview/downloadview/storage/storagetest"
)

func TestConformance(t *testing.T) {
	srv := s3test.Start(t)
	fixtures := 0
	storagetest.Run(t, func(t *testing.T) storagetest.Fixture {
		fixtures++
		prefix := fmt.Sprintf("fixture %d/", fixtures)
		s := s3bucket.New(srv.Client, srv.Bucket, &s3bucket.Options{Prefix: prefix})
		return storagetest.Fixture{
			Storage: cleanKeys{s},
			Put: func(key string, content []byte) error {
				if !fs.ValidPath(key) {
					return errors.ErrUnsupported
				}
				err := srv.TryPut(t.Context(), prefix+key, content)
				if e, ok := errors.AsType[smithy.APIError](err); ok && e.ErrorCode() == "ObjectParentIsFile" {
					return errors.ErrUnsupported
				}
				return err
			},
			Fetch: buckettest.Fetch(t),
		}
	})
}

// cleanKeys refuses keys with dot and empty segments. In S3 they are keys like
// any other, but this server stores objects as files, where they are other
// names of one file. TestKeysOnTheWire tests them.
type cleanKeys struct{ downloadview.Lister }

func (s cleanKeys) File(key string) (downloadview.File, error) {
	if !fs.ValidPath(key) {
		return nil, &fs.PathError{Op: "file", Path: key, Err: fs.ErrInvalid}
	}
	return s.Lister.File(key)
}

func (s cleanKeys) List(ctx context.Context, folder string) iter.Seq2[fs.FileInfo, error] {
	return s.Lister.List(ctx, folder)
}
