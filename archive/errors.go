package archive

import (
	"context"
	"errors"
	"fmt"
	"syscall"

	"github.com/downloadview/downloadview"
)

// memberError returns err with the name of the member. Of its meaning it keeps
// that the store failed, that the file was replaced, that no file descriptor is left,
// and that the request ended.
func memberError(name string, err error) error {
	for _, kept := range []error{downloadview.ErrUpstream, downloadview.ErrChanged, syscall.EMFILE, syscall.ENFILE, context.Canceled, context.DeadlineExceeded} {
		if errors.Is(err, kept) {
			return fmt.Errorf("member %q: %w: %w", name, kept, downloadview.AsCause(err))
		}
	}
	return fmt.Errorf("member %q: %w", name, downloadview.AsCause(err))
}
