package aferofs

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"

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
	h, err := f.Open(ctx)
	if err != nil {
		return downloadview.Times{}, err
	}
	defer h.Close()
	var t downloadview.Times
	if local, ok := h.(*os.File); ok {
		t, err = filetime.Of(local)
	}
	if err == nil && t.Created.IsZero() && t.Accessed.IsZero() {
		err = &fs.PathError{Op: "times", Path: key, Err: fmt.Errorf("%w by %s", errors.ErrUnsupported, s.fs.Name())}
	}
	return t, err
}

var _ downloadview.Timed = (*Storage)(nil)
