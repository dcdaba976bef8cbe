package azurebucket

import (
	"context"

	"github.com/downloadview/downloadview"
)

// Delete removes the blob called key, with one request. A blob with snapshots
// stays, because Azure would remove them, too: the error is
// [downloadview.ErrUpstream], with bloberror.SnapshotsPresent. In an account
// with versions, earlier versions stay. In an account with a hierarchical
// namespace a folder is a blob, too; Delete removes it if it is empty.
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
