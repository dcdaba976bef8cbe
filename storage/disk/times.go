package disk

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"

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
	h, err := f.Open(ctx)
	if err != nil {
		return downloadview.Times{}, err
	}
	defer h.Close()
	t, err := filetime.Of(h.(*os.File))
	if err == nil && t.Created.IsZero() && t.Accessed.IsZero() {
		err = &fs.PathError{Op: "times", Path: key, Err: fmt.Errorf("%w on this system", errors.ErrUnsupported)}
	}
	return t, err
}

var _ downloadview.Timed = (*Storage)(nil)
