package azurebucket

import (
	"context"

	"github.com/downloadview/downloadview"
)

// Delete removes the blob called key, with one request. A blob that has
// snapshots stays, for Azure would remove them with it: that is
// [downloadview.ErrUpstream], with bloberror.SnapshotsPresent. Earlier versions
// stay, in an account that keeps them. In an account with a hierarchical
// namespace a folder is a blob too, and removed where it is empty.
func (s *Storage) Delete(ctx context.Context, key string) error {
	f, err := s.lookup(key)
	if err != nil {
		return err
	}
	if _, err := f.blob().Delete(ctx, nil); err != nil {
		return s.failure(ctx, "delete", key, err)
	}
	return nil
}

var _ downloadview.Deleter = (*Storage)(nil)
