package aferofs

import (
	"context"
	"errors"
	"io/fs"

	"github.com/downloadview/downloadview"
)

// Exists reports whether there is a file under key, with one stat. A file
// without read permission exists, too.
func (s *Storage) Exists(ctx context.Context, key string) (bool, error) {
	fi, err := s.entry(ctx, key)
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, fs.ErrInvalid) {
		return false, nil
	}
	return err == nil && fi.Mode().IsRegular(), err
}

var _ downloadview.Exister = (*Storage)(nil)
