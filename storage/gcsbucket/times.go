package gcsbucket

import (
	"context"

	"github.com/downloadview/downloadview"
)

// Times tells when the object called key was created, which is when its present
// generation was stored, and last modified, be it its metadata. Google doesn't
// tell when it was read. It is one request.
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
