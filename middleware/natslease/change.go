package natslease

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

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

// attempt is how long one try may take: a request to a server that was killed has no
// answer.
const attempt = time.Second

// change changes the tally of an ID. f may be called several times.
func (s *Store) change(ctx context.Context, id string, f func(*tally.Tally, time.Time) (changed bool)) error {
	var last error
	for pause := time.Millisecond; ctx.Err() == nil; pause = min(2*pause, 64*time.Millisecond) {
		if last != nil {
			select {
			case <-ctx.Done():
				continue
			case <-time.After(pause/2 + rand.N(pause)):
			}
		}
		err := s.try(ctx, id, f)
		if err == nil {
			return nil
		}
		if _, ok := errors.AsType[*unfitError](err); ok {
			return fmt.Errorf("natslease: %w", err)
		}
		if last == nil || !errors.Is(err, context.DeadlineExceeded) { // else the earlier one says more
			last = err
		}
	}
	if nc := s.js.Conn(); !nc.IsConnected() {
		last = errors.New("there is no connection")
		if err := nc.LastError(); err != nil { // such as a certificate that is not trusted
			last = fmt.Errorf("%w: %w", last, err)
		}
	}
	if last != nil {
		return fmt.Errorf("natslease: %w: %w", ctx.Err(), last)
	}
	return fmt.Errorf("natslease: %w", ctx.Err())
}

func (s *Store) try(ctx context.Context, id string, f func(*tally.Tally, time.Time) bool) error {
	ctx, cancel := context.WithTimeout(ctx, attempt)
	defer cancel()
	stream, err := s.found(ctx)
	if err != nil {
		return err
	}
	var t tally.Tally
	var revision uint64
	switch msg, err := stream.GetLastMsgForSubject(ctx, s.subject(id)); {
	case errors.Is(err, jetstream.ErrMsgNotFound):
	case err != nil:
		return err
	default:
		revision = msg.Sequence
		if len(msg.Data) > 0 { // else somebody has deleted the key
			if err := json.Unmarshal(msg.Data, &t); err != nil {
				return fmt.Errorf("the value of a key is not that of a link: %w", err)
			}
		}
	}
	now := time.Now()
	if !f(&t, now) {
		return nil
	}
	value, err := json.Marshal(&t)
	if err != nil {
		return err
	}
	keep := max(time.UnixMilli(t.Until).Sub(now), time.Second)
	_, err = s.js.PublishMsg(ctx, &nats.Msg{Subject: s.subject(id), Data: value},
		jetstream.WithExpectLastSequencePerSubject(revision), jetstream.WithMsgTTL(keep))
	return err
}
