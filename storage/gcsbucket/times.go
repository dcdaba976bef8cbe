package gcsbucket

import (
	"context"

	"github.com/downloadview/downloadview"
)

// Times returns when the current generation of the object called key was
// created, and when the object or its metadata was last modified. Google
// doesn't record when it was read. It is one request.
func (s *Storage) Times(ctx context.Context, key string) (downloadview.Times, error) {
	if _, err := s.File(key); err != nil {
		return downloadview.Times{}, err
	}
	a, err := s.object(key).Attrs(ctx)
	if err != nil {
		return downloadview.Times{}, failure(ctx, "times", key, err)
	}
	return downloadview.Times{Created: a.Created, Modified: listed(a).ModTime}, nil
}

var _ downloadview.Timed = (*Storage)(nil)
