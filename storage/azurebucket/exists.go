package azurebucket

import (
	"context"

	"github.com/downloadview/downloadview"
)

// Exists tells whether there is a blob called key, with one request. Of an
// archived one it says so too.
func (s *Storage) Exists(ctx context.Context, key string) (bool, error) {
	f, err := s.lookup(key)
	if err != nil {
		return false, err
	}
	if _, err := f.look(ctx, "exists"); err != nil {
		return false, err
	}
	return true, nil
}

var _ downloadview.Exister = (*Storage)(nil)
