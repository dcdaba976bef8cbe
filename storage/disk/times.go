package disk

import (
	"context"

	"github.com/downloadview/downloadview"
	"github.com/downloadview/downloadview/internal/filetime"
)

// Times opens the file and returns the times that the system keeps, without
// reading it. On Linux, Created is known if the file system keeps it. How soon
// a read shows in Accessed depends on how the file system is mounted. Saving a
// file again makes a new file with a new Created.
func (s *Storage) Times(ctx context.Context, key string) (downloadview.Times, error) {
	f, err := s.File(key)
	if err != nil {
		return downloadview.Times{}, err
	}
	return filetime.OfFile(ctx, f)
}

var _ downloadview.Timed = (*Storage)(nil)
