package azurebucket

import (
	"context"
	"errors"
	"io/fs"

	"github.com/downloadview/downloadview"
	"github.com/downloadview/downloadview/internal/bucket"
)

// Exists reports whether there is a blob called key, with one request. Archived
// blobs exist, too. If the container is missing, the error is
// [downloadview.ErrUpstream]. If access is denied, the blob may or may not
// exist: the error is [fs.ErrPermission].
func (s *Storage) Exists(ctx context.Context, key string) (bool, error) {
	f, err := s.lookup(key)
	if err != nil {
		return false, err
	}
	_, err = f.look(ctx, "exists")
	if errors.Is(err, errors.ErrUnsupported) {
		_, err = downloadview.Stat(ctx, f)
	}
	if errors.Is(err, bucket.ErrNoBucket) {
		err = &fs.PathError{Op: "exists", Path: key, Err: bucket.Says(downloadview.ErrUpstream, err)}
	}
	if err != nil {
		return false, err
	}
	return true, nil
}

var _ downloadview.Exister = (*Storage)(nil)
