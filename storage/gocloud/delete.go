package gocloud

import (
	"context"

	"github.com/downloadview/downloadview"
)

// Delete removes the object called key. A folder of local files is
// [fs.ErrNotExist], and stays; of a symbolic link to a file it is the link that
// is removed.
func (s *Storage) Delete(ctx context.Context, key string) error {
	f, err := s.File(key)
	if err != nil {
		return err
	}
	if err := ctx.Err(); err != nil {
		return s.failure(ctx, "delete", key, err)
	}
	if s.onDisk {
		// An empty folder would be removed, too.
		if _, err := downloadview.Stat(ctx, f); err != nil {
			return err
		}
		if err := s.folder.remove(key); err != nil {
			return s.localFailure(ctx, "delete", key, err)
		}
		return nil
	}
	if err := s.bucket.Delete(ctx, key); err != nil {
		return s.failure(ctx, "delete", key, err)
	}
	return nil
}

var _ downloadview.Deleter = (*Storage)(nil)
