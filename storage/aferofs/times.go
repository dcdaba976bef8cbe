package aferofs

import (
	"context"

	"github.com/downloadview/downloadview"
	"github.com/downloadview/downloadview/internal/filetime"
)

// Times opens the file for what the system knows of its times. Where there is
// no [os.File] below, as in memory, the error is [errors.ErrUnsupported].
func (s *Storage) Times(ctx context.Context, key string) (downloadview.Times, error) {
	f, err := s.File(key)
	if err != nil {
		return downloadview.Times{}, err
	}
	return filetime.OfFile(ctx, f)
}

var _ downloadview.Timed = (*Storage)(nil)
