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

// Path returns the path of key below that of the root, as it was when the
// storage was made. Where that path didn't lead to the root when it was last
// looked at, the error is [errors.ErrUnsupported]. Unlike the storage, who opens the path may be led
// out of the root by a symbolic link.
func (s *Storage) Path(key string) (string, error) {
	name, err := localKey(key)
	if err != nil {
		return "", err
	}
	if !s.current.Load().leads {
		return "", &fs.PathError{Op: "path", Path: key, Err: fmt.Errorf(
			"%w: the path of the root leads elsewhere", errors.ErrUnsupported)}
	}
	return filepath.Join(s.dir, name), nil
}

var (
	_ downloadview.URLer  = (*Storage)(nil)
	_ downloadview.Pather = (*Storage)(nil)
)
