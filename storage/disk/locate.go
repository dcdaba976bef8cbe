package disk

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"

	"github.com/downloadview/downloadview"
	"github.com/downloadview/downloadview/internal/publicurl"
)

// URL returns the URL of key below the BaseURL of [Options].
func (s *Storage) URL(_ context.Context, key string) (string, error) {
	if _, err := localKey(key); err != nil {
		return "", err
	}
	return publicurl.Of(s.options.BaseURL, key)
}

// Path returns the path of key below the path that the root had when the
// storage was made. If that path didn't lead to the root when it was last
// checked, the error is [errors.ErrUnsupported]. Opening the path follows
// symbolic links out of the root, unlike the storage itself.
func (s *Storage) Path(key string) (string, error) {
	name, err := localKey(key)
	if err != nil {
		return "", err
	}
	if !s.current.Load().leads {
		return "", &fs.PathError{Op: "path", Path: key, Err: fmt.Errorf(
			"%w: the path of the root leads to another directory", errors.ErrUnsupported)}
	}
	return filepath.Join(s.dir, name), nil
}

var (
	_ downloadview.URLer  = (*Storage)(nil)
	_ downloadview.Pather = (*Storage)(nil)
)
