package gocloud

import (
	"context"

	"github.com/downloadview/downloadview"
)

// Delete removes the object called key. In a bucket of local files, a folder is
// [fs.ErrNotExist] and stays; if key is a symbolic link to a file, Delete
// removes the link.
func (s *Storage) Delete(ctx context.Context, key string) error {
	f, err := s.File(key)
	if err != nil {
		return err
	}
	if err := ctx.Err(); err != nil {
		return s.failure(ctx, "delete", key, err)
	}
	if s.onDisk {
		// The driver would also remove an empty folder.
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
