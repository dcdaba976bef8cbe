package disk

import (
	"context"
	"io/fs"

	"github.com/downloadview/downloadview"
)

// Delete removes the file under key. If key is a symbolic link that stays
// inside the root and leads to a file, Delete removes the link. Anything that
// File doesn't serve is [fs.ErrNotExist] and stays. Folders stay, even when
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
	// Remove would also remove an empty folder that took the file's place
	// meanwhile.
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
