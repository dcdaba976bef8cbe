package spool

import (
	"context"

	"github.com/downloadview/downloadview"
)

// Warm makes the content of f ahead of the first request, and returns when it is
// complete; if it is complete already, at once. The error is that of f, or
// [ErrNotKept]. If ctx ends before, the error is its; making goes on for
// Options.Linger then, unless clients follow.
func (s *Spool) Warm(ctx context.Context, id ID, f downloadview.File) error {
	spooled, err := s.File(id, f)
	if err != nil {
		return err
	}
	return spooled.(*file).warm(ctx)
}

func (f *file) warm(ctx context.Context) error {
	s := f.spool
	if err := ctx.Err(); err != nil {
		return err
	}
	if s.isUnfit(f.name) {
		return errTooLarge
	}
	if _, err := s.statKept(f.name); err == nil {
		return nil
	}
	m, err := s.join(ctx, f)
	if err != nil {
		return err
	}
	defer m.leave()
	select {
	case <-m.done:
		return m.outcome
	case <-ctx.Done():
		return ctx.Err()
	}
}
