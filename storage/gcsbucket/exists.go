package gcsbucket

import (
	"context"

	"github.com/downloadview/downloadview"
)

// Exists reports whether there is an object called key, with one request. If
// access is denied, the object may or may not exist: the error is
// [fs.ErrPermission].
func (s *Storage) Exists(ctx context.Context, key string) (bool, error) {
	f, err := s.lookup(key)
	if err != nil {
		return false, err
	}
	_, err = downloadview.Stat(ctx, f)
	return err == nil, err
}

var _ downloadview.Exister = (*Storage)(nil)
