package gocloud

import (
	"context"

	"github.com/downloadview/downloadview"
	"github.com/downloadview/downloadview/internal/publicurl"
)

// URL returns the unsigned URL of key below the BaseURL of [Options]. For a key
// with empty or dot segments the error is [errors.ErrUnsupported].
func (s *Storage) URL(_ context.Context, key string) (string, error) {
	if _, err := s.File(key); err != nil {
		return "", err
	}
	return publicurl.Of(s.options.BaseURL, key)
}

var _ downloadview.URLer = (*Storage)(nil)
