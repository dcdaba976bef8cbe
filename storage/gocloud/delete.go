package gocloud

import (
	"context"

	"github.com/downloadview/downloadview"
)

// Delete removes the object called key. A folder of local files is
// [fs.ErrNotExist], and stays.
func (s *Storage) Delete(ctx context.Context, key string) error {
	f, err := s.File(key)
	if err != nil {
		return err
	}
	if err := ctx.Err(); err != nil {
		return failure("delete", key, err)
	}
	if s.onDisk {
		// That driver would remove an empty folder too.
		if _, err := downloadview.Stat(ctx, f); err != nil {
			return err
		}
	}
	if err := s.bucket.Delete(ctx, key); err != nil {
		return failure("delete", key, err)
	}
	return nil
}

var _ downloadview.Deleter = (*Storage)(nil)
