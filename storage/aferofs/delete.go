package aferofs

import (
	"context"
	"io/fs"

	"github.com/downloadview/downloadview"
	"github.com/downloadview/downloadview/internal/absent"
)

// Delete removes the file under key. If key is a symbolic link to a file,
// Delete removes the link. Folders, and anything else that isn't served, are
// [fs.ErrNotExist] and stay. A read-only Fs is [errors.ErrUnsupported].
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
