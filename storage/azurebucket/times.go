package azurebucket

import (
	"context"

	"github.com/downloadview/downloadview"
)

// Times tells when the blob called key was created, which is when it was stored
// the first time, and last modified; when it was read only where the account
// keeps track of that. It is one request.
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
