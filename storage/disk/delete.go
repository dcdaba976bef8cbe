package disk

import (
	"context"
	"io/fs"

	"github.com/downloadview/downloadview"
)

// Delete removes the file under key. Of a symbolic link that stays inside the
// root and leads to a file it is the link that is removed. Whatever isn't
// served isn't removed either: it is [fs.ErrNotExist]. Folders stay, also when
// they become empty.
func (s *Storage) Delete(ctx context.Context, key string) error {
	name, err := localKey(key)
	if err != nil {
		return err
	}
	fi, err := s.entry(ctx, key)
	if err != nil {
		return err
	}
	if !fi.Mode().IsRegular() {
		return &fs.PathError{Op: "delete", Path: key, Err: kindError(fi.Mode())}
	}
	// Remove would take an empty folder too, were one put there meanwhile.
	for {
		at := s.at()
		err := at.root.Remove(name)
		switch {
		case s.replaced(at, err):
			continue
		case err != nil:
			return at.openError(key, err)
		}
		return nil
	}
}

var _ downloadview.Deleter = (*Storage)(nil)
