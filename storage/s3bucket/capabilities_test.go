package s3bucket_test

import (
	"context"
	"io"

	"github.com/downloadview/downloadview"
)

// What the storage offers beside files, for the suite: cleanKeys passes it on
// for the keys that it has.

func (s cleanKeys) Save(ctx context.Context, key string, r io.Reader) error {
	if _, err := s.File(key); err != nil {
		return err
	}
	return downloadview.Save(ctx, s.Lister, key, r)
}

func (s cleanKeys) Delete(ctx context.Context, key string) error {
	if _, err := s.File(key); err != nil {
		return err
	}
	return downloadview.Delete(ctx, s.Lister, key)
}

func (s cleanKeys) Exists(ctx context.Context, key string) (bool, error) {
	if _, err := s.File(key); err != nil {
		return false, err
	}
	return downloadview.Exists(ctx, s.Lister, key)
}
