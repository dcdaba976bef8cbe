package s3bucket

import (
	"context"

	"github.com/downloadview/downloadview"
)

// Exists tells whether there is an object called key, with one request. Of an
// archived one it says so too. Where access is denied there may be one or not:
// that is [fs.ErrPermission].
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
