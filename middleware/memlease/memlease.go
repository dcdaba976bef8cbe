// Package memlease keeps the leases of counted links in the memory of one process.
//
// A restart forgets them: links that were used up can be used again. Where that matters,
// or where several processes answer, take package redislease or natslease.
package memlease

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/downloadview/downloadview/internal/tally"
	"github.com/downloadview/downloadview/middleware"
)

// A Store is a [middleware.LeaseStore] in memory. Several goroutines may use it.
type Store struct {
	most int

	mu    sync.Mutex
	all   map[string]*tally.Tally
	size  int       // of all: IDs and leases
	swept time.Time // when what is over was last looked for
}

// Options are the options of [New]. The zero value is fine.
type Options struct {
	// Most is how many IDs and leases together are kept; 0 is 100000, which take
	// about 20 MB. When there are so many, a request that needs another one is an
	// error, so that nobody downloads uncounted.
	Most int
}

// New returns an empty Store. nil options are the zero value. It panics if Most is
// negative.
func New(o *Options) *Store {
	s := &Store{most: 100_000, all: map[string]*tally.Tally{}}
	if o != nil && o.Most != 0 {
		s.most = o.Most
	}
	if s.most < 0 {
		panic(fmt.Sprintf("memlease: New: Most is %d; want 0 or more", s.most))
	}
	return s
}

// Lease does what [middleware.LeaseStore] says. It does no I/O.
func (s *Store) Lease(ctx context.Context, q middleware.LeaseRequest) (middleware.LeaseState, error) {
	if err := ctx.Err(); err != nil {
		return middleware.LeaseUsedUp, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	now := time.Now()
	if s.size+s.growth(q, now) > s.most {
		s.sweep(now)
		if s.size+s.growth(q, now) > s.most {
			return middleware.LeaseUsedUp, fmt.Errorf("memlease: the store is full: %d IDs and leases, and Options.Most is %d", s.size, s.most)
		}
	}
	t := s.all[q.ID]
	if t == nil {
		t = new(tally.Tally)
		s.all[q.ID] = t
		s.size++
	}
	before := t.Size()
	state, _ := t.Lease(q, now)
	s.size += t.Size() - before
	return state, nil
}

// growth returns how much larger s is after q. It forgets the ID if that may be.
func (s *Store) growth(q middleware.LeaseRequest, now time.Time) int {
	t := s.all[q.ID]
	if t != nil {
		s.end(q.ID, t, now)
		t = s.all[q.ID]
	}
	switch {
	case t == nil:
		return 2
	case t.Grows(q, now):
		return 1
	}
	return 0
}

// Complete does what [middleware.LeaseStore] says. It does no I/O.
func (s *Store) Complete(ctx context.Context, id, holder string) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if t := s.all[id]; t != nil {
		before := t.Size()
		t.Complete(holder, time.Now())
		s.size += t.Size() - before
	}
	return nil
}

// end removes what is over of an ID, or the ID.
func (s *Store) end(id string, t *tally.Tally, now time.Time) {
	before := t.Size()
	t.End(now)
	s.size += t.Size() - before
	if t.Until <= now.UnixMilli() {
		s.size -= 1 + t.Size()
		delete(s.all, id)
	}
}

// sweep removes what is over. It looks at everything, so it does so at most once a
// second.
func (s *Store) sweep(now time.Time) {
	if now.Sub(s.swept) < time.Second {
		return
	}
	s.swept = now
	for id, t := range s.all {
		s.end(id, t, now)
	}
}

var _ middleware.LeaseStore = (*Store)(nil)
