package s3bucket

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"github.com/downloadview/downloadview"
)

// Delete removes the object called key, with two requests: S3 doesn't report
// whether the object existed, so Delete looks for it first. If another client
// removes the object between the two requests, Delete doesn't notice. In a
// bucket with versions, earlier versions stay.
func (s *Storage) Delete(ctx context.Context, key string) error {
	f, err := s.lookup(key)
	if err != nil {
		return err
	}
	if err := f.find(ctx); err != nil {
		return s.failure(ctx, "delete", key, err)
	}
	_, err = s.client.DeleteObject(ctx, &s3.DeleteObjectInput{
		Bucket: &s.bucket,
		Key:    aws.String(s.prefix + key),
	})
	if err != nil {
		return s.failure(ctx, "delete", key, err)
	}
	return nil
}

var _ downloadview.Deleter = (*Storage)(nil)
