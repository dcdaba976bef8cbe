package aferofs

import (
	"context"
	"errors"
	"io/fs"

	"github.com/downloadview/downloadview"
)

// Exists tells whether there is a file under key, by one look at it. A file
// that may not be read is one too.
func (s *Storage) Exists(ctx context.Context, key string) (bool, error) {
	fi, err := s.entry(ctx, key)
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, fs.ErrInvalid) {
		return false, nil
	}
	return err == nil && fi.Mode().IsRegular(), err
}

var _ downloadview.Exister = (*Storage)(nil)
