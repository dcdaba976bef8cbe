// Package tally counts the leases of one link, for the stores of leases that keep a
// value for each link.
package tally

import (
	"time"

	"github.com/downloadview/downloadview/middleware"
)

// A Tally has the leases of one ID. Its times are in milliseconds since 1970. The zero
// value is that of an ID without leases. Its user makes Lease and Complete atomic.
type Tally struct {
	Counted int `json:"n"`           // leases that count: those that run, and those that are over
	Lapsed  int `json:"l,omitempty"` // provisional leases that are over and don't count

	Leases      map[string]int64 `json:"h,omitempty"` // holder: when its lease is over
	Provisional map[string]int64 `json:"p,omitempty"`

	Until int64 `json:"u"` // when the ID may be forgotten

	swept int64 // when End last looked at Leases, which may be many
}

// Lease does what [middleware.LeaseStore] says. changed reports whether t has to be
// kept anew.
func (t *Tally) Lease(q middleware.LeaseRequest, now time.Time) (state middleware.LeaseState, changed bool) {
	t.End(now)
	ms := now.UnixMilli()
	over := ms + q.TTL.Milliseconds()
	if until := ms + q.Keep.Milliseconds(); until > t.Until {
		t.Until, changed = until+1000, true // the next request for the same link says nearly the same
	}
	for _, leases := range []map[string]int64{t.Leases, t.Provisional} {
		if end := leases[q.Holder]; end > ms {
			if end-ms < q.TTL.Milliseconds()/2 {
				leases[q.Holder], changed = over, true
			}
			return middleware.LeaseSame, changed
		}
	}
	if t.Counted >= q.Times {
		return middleware.LeaseUsedUp, changed
	}
	t.Counted++
	leases := &t.Leases
	if len(t.Provisional)+t.Lapsed < q.Provisional {
		leases = &t.Provisional
	}
	if *leases == nil {
		*leases = map[string]int64{}
	}
	(*leases)[q.Holder] = over
	return middleware.LeaseNew, true
}

// Complete does what [middleware.LeaseStore] says.
func (t *Tally) Complete(holder string, now time.Time) (changed bool) {
	t.End(now)
	over, ok := t.Provisional[holder]
	if !ok {
		return false
	}
	delete(t.Provisional, holder)
	if t.Leases == nil {
		t.Leases = map[string]int64{}
	}
	t.Leases[holder] = over
	return true
}

// End removes the leases that are over. Those that count anyway may stay for a second.
func (t *Tally) End(now time.Time) {
	ms := now.UnixMilli()
	if ms < t.swept || ms >= t.swept+1000 {
		t.swept = ms
		for holder, over := range t.Leases {
			if over <= ms {
				delete(t.Leases, holder)
			}
		}
	}
	for holder, over := range t.Provisional {
		if over <= ms {
			delete(t.Provisional, holder)
			t.Lapsed++
			t.Counted--
		}
	}
}

// Grows reports whether Lease would add a lease.
func (t *Tally) Grows(q middleware.LeaseRequest, now time.Time) bool {
	t.End(now)
	ms := now.UnixMilli()
	return t.Leases[q.Holder] <= ms && t.Provisional[q.Holder] <= ms && t.Counted < q.Times
}

// Size is the number of leases that are kept.
func (t *Tally) Size() int { return len(t.Leases) + len(t.Provisional) }
