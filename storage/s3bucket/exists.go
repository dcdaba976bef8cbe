package s3bucket

import (
	"context"

	"github.com/downloadview/downloadview"
)

// Exists reports whether there is an object called key, with one request.
// Archived objects exist, too. If access is denied, the object may or may not
// exist: the error is [fs.ErrPermission].
func (s *Storage) Exists(ctx context.Context, key string) (bool, error) {
	f, err := s.lookup(key)
	if err != nil {
		return false, err
	}
	if err := f.find(ctx); err != nil {
		return false, s.failure(ctx, "exists", key, err)
	}
	return true, nil
}

var _ downloadview.Exister = (*Storage)(nil)
