package localfile

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"time"

	"github.com/downloadview/downloadview"
)

// Patience is how long to wait for a file under a write lease. The attempt to
// open it asks the holder, such as Samba or an NFS server, to write its data
// and release the lease; the system gives it 45 seconds for that.
const Patience = 5 * time.Second

// OpenPath opens the file at path for reading, like [Root.Open], but follows
// links wherever they lead.
func OpenPath(ctx context.Context, path string) (*os.File, error) {
	return Await(ctx, func() (*os.File, error) { return os.OpenFile(path, Flag, 0) })
}

// Await calls open, which must not block, until the file has no write lease,
// ctx ends, or Patience is over. In the last case the error is 503.
func Await[T any](ctx context.Context, open func() (T, error)) (T, error) {
	h, err := open()
	if !isLeased(err) {
		return h, err
	}
	late := time.NewTimer(Patience)
	defer late.Stop()
	for pause := time.Millisecond; ; pause = min(2*pause, 100*time.Millisecond) {
		next := time.NewTimer(pause)
		select {
		case <-next.C:
			if h, err = open(); !isLeased(err) {
				return h, err
			}
			continue
		case <-ctx.Done():
			err = ctx.Err()
		case <-late.C:
			err = &downloadview.StatusError{
				Status: http.StatusServiceUnavailable,
				Err:    fmt.Errorf("waited %v for the end of a write lease: %w", Patience, err),
				Header: http.Header{"Retry-After": {"5"}},
			}
		}
		next.Stop()
		return h, err
	}
}
