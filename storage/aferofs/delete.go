package aferofs

import (
	"context"
	"io/fs"

	"github.com/downloadview/downloadview"
	"github.com/downloadview/downloadview/internal/absent"
)

// Delete removes the file under key; of a symbolic link that leads to one it is
// the link that is removed. Folders and what else isn't served is
// [fs.ErrNotExist], and stays. An Fs that is read-only is
// [errors.ErrUnsupported].
func (s *Storage) Delete(ctx context.Context, key string) error {
	name, err := s.name(key)
	if err != nil {
		return err
	}
	fi, err := s.entry(ctx, key)
	if err != nil {
		return err
	}
	if err := regular(key, fi); err != nil {
		return err
	}
	if err := s.fs.Remove(name); err != nil {
		return &fs.PathError{Op: "delete", Path: key, Err: saveError(absent.OpenError(key, name, err))}
	}
	return nil
}

var _ downloadview.Deleter = (*Storage)(nil)
