package aferofs

import (
	"context"

	"github.com/downloadview/downloadview"
	"github.com/downloadview/downloadview/internal/filetime"
)

// Times opens the file and returns the times that the system keeps. If the Fs
// has no [os.File], as in memory, the error is [errors.ErrUnsupported].
func (s *Storage) Times(ctx context.Context, key string) (downloadview.Times, error) {
	f, err := s.File(key)
	if err != nil {
		return downloadview.Times{}, err
	}
	return filetime.OfFile(ctx, f)
}

var _ downloadview.Timed = (*Storage)(nil)
