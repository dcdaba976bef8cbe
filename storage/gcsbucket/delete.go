package gcsbucket

import (
	"context"

	"github.com/downloadview/downloadview"
)

// Delete removes the object called key, with one request. In a bucket with
// object versions or with soft delete, the object can be restored.
func (s *Storage) Delete(ctx context.Context, key string) error {
	if _, err := s.File(key); err != nil {
		return err
	}
	if err := s.object(key).Delete(ctx); err != nil {
		return failure(ctx, "delete", key, err)
	}
	return nil
}

var _ downloadview.Deleter = (*Storage)(nil)
