package aferofs

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"strings"

	"github.com/downloadview/downloadview"
	"github.com/downloadview/downloadview/internal/publicurl"
)

// URL returns the URL of key below the BaseURL of [Options].
func (s *Storage) URL(_ context.Context, key string) (string, error) {
	if _, err := s.name(key); err != nil {
		return "", err
	}
	return publicurl.Of(s.options.BaseURL, key)
}

// Path returns the local path of key if the Source of [Options] has the Scheme
// "file"; otherwise the error is [errors.ErrUnsupported].
func (s *Storage) Path(key string) (string, error) {
	if _, err := s.name(key); err != nil {
		return "", err
	}
	dir := filepath.FromSlash(s.options.Source.Path)
	if drive := strings.TrimPrefix(dir, `\`); filepath.VolumeName(drive) != "" {
		dir = drive // `C:\x` is "/C:/x" as a source
	}
	if s.options.Source.Scheme != "file" || !filepath.IsAbs(dir) {
		return "", &fs.PathError{Op: "path", Path: key, Err: fmt.Errorf(
			"%w: the storage's source is not local", errors.ErrUnsupported)}
	}
	return filepath.Join(dir, filepath.FromSlash(key)), nil
}

var (
	_ downloadview.URLer  = (*Storage)(nil)
	_ downloadview.Pather = (*Storage)(nil)
)
