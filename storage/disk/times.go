package disk

import (
	"context"

	"github.com/downloadview/downloadview"
	"github.com/downloadview/downloadview/internal/filetime"
)

// Times opens the file for what the system knows of its times, without reading
// it. On Linux when it was created is known where the file system keeps it.
// How soon a read shows in Accessed is a matter of how the file system is
// mounted. A file that is saved anew is created anew.
func (s *Storage) Times(ctx context.Context, key string) (downloadview.Times, error) {
	f, err := s.File(key)
	if err != nil {
		return downloadview.Times{}, err
	}
	return filetime.OfFile(ctx, f)
}

var _ downloadview.Timed = (*Storage)(nil)
