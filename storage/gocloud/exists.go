package gocloud

import (
	"context"

	"github.com/downloadview/downloadview"
)

// Exists reports whether there is an object called key, with one request, or two
// where Stat opens the object. If access is denied, the object may or may not
// exist: the error is [fs.ErrPermission].
func (s *Storage) Exists(ctx context.Context, key string) (bool, error) {
	f, err := s.lookup(key)
	if err != nil {
		return false, err
	}
	if s.onDisk {
		_, err = downloadview.Stat(ctx, f)
	} else {
		_, err = downloadview.Stat(ctx, &object{*f})
	}
	return err == nil, err
}

var _ downloadview.Exister = (*Storage)(nil)
