package natslease

import (
	"context"
	"time"

	"github.com/downloadview/downloadview/internal/natskv"
	"github.com/downloadview/downloadview/internal/tally"
	"github.com/downloadview/downloadview/middleware"
)

// Lease does what [middleware.LeaseStore] says. It writes only where something changes,
// and only if nobody else has written since it read. If that fails, or a server does, it
// tries again until ctx is done.
func (s *Store) Lease(ctx context.Context, q middleware.LeaseRequest) (middleware.LeaseState, error) {
	var state middleware.LeaseState
	err := s.change(ctx, q.ID, func(t *tally.Tally, now time.Time) (changed bool) {
		state, changed = t.Lease(q, now)
		return changed
	})
	if err != nil {
		return middleware.LeaseUsedUp, err
	}
	return state, nil
}

// Complete does what [middleware.LeaseStore] says, in the same way.
func (s *Store) Complete(ctx context.Context, id, holder string) error {
	return s.change(ctx, id, func(t *tally.Tally, now time.Time) bool { return t.Complete(holder, now) })
}

// change changes the tally of an ID. f may be called several times.
func (s *Store) change(ctx context.Context, id string, f func(*tally.Tally, time.Time) (changed bool)) error {
	return natskv.Change(ctx, s.kv, id, func(t *tally.Tally) (keep time.Duration) {
		now := time.Now()
		if !f(t, now) {
			return 0
		}
		return max(time.UnixMilli(t.Until).Sub(now), time.Second)
	})
}
