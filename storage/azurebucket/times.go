package azurebucket

import (
	"context"

	"github.com/downloadview/downloadview"
)

// Times returns when the blob called key was stored for the first time and when
// it was last modified, and, if the account tracks it, when it was last read.
// It is one request.
func (s *Storage) Times(ctx context.Context, key string) (downloadview.Times, error) {
	f, err := s.lookup(key)
	if err != nil {
		return downloadview.Times{}, err
	}
	out, err := f.look(ctx, "times")
	if err != nil {
		return downloadview.Times{}, err
	}
	return downloadview.Times{
		Created:  value(out.CreationTime),
		Modified: value(out.LastModified),
		Accessed: value(out.LastAccessed),
	}, nil
}

var _ downloadview.Timed = (*Storage)(nil)
