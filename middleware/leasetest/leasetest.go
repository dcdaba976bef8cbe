// Package leasetest tests stores of leases: the [middleware.LeaseStore] of counted links.
package leasetest

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/downloadview/downloadview/middleware"
)

// Run tests s, as subtests of t. It uses random IDs, so that s may be one that is in use,
// and it takes some seconds, because leases have to end.
func Run(t *testing.T, s middleware.LeaseStore) {
	t.Helper()
	t.Run("one holder", func(t *testing.T) { t.Parallel(); oneHolder(t, s) })
	t.Run("IDs are independent", func(t *testing.T) { t.Parallel(); twoIDs(t, s) })
	t.Run("other times", func(t *testing.T) { t.Parallel(); otherTimes(t, s) })
	t.Run("strangers race", func(t *testing.T) { t.Parallel(); strangersRace(t, s) })
	t.Run("one holder races", func(t *testing.T) { t.Parallel(); holderRaces(t, s) })
	t.Run("a lease ends", func(t *testing.T) { t.Parallel(); ends(t, s) })
	t.Run("a lease is renewed", func(t *testing.T) { t.Parallel(); renewed(t, s) })
	t.Run("a provisional lease lapses", func(t *testing.T) { t.Parallel(); lapses(t, s) })
	t.Run("few leases are provisional at once", func(t *testing.T) { t.Parallel(); fewAtOnce(t, s) })
	t.Run("a completed lease counts", func(t *testing.T) { t.Parallel(); completed(t, s) })
	t.Run("completing nothing", func(t *testing.T) { t.Parallel(); completesNothing(t, s) })
	t.Run("done context", func(t *testing.T) { t.Parallel(); doneContext(t, s) })
}

// short is a time that a test waits for.
const short = time.Second

func request(holder string, times int) middleware.LeaseRequest {
	return middleware.LeaseRequest{Holder: holder, Times: times, TTL: time.Hour, Keep: 2 * time.Hour}
}

// id returns a new ID.
func id() string { return "leasetest-" + rand.Text() }

func lease(t testing.TB, s middleware.LeaseStore, q middleware.LeaseRequest, want middleware.LeaseState) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	if got, err := s.Lease(ctx, q); err != nil || got != want {
		t.Fatalf("Lease(%+v) = %v, %v, want %v", q, got, err, want)
	}
}

func complete(t testing.TB, s middleware.LeaseStore, id, holder string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	if err := s.Complete(ctx, id, holder); err != nil {
		t.Fatalf("Complete(%q, %q): %v", id, holder, err)
	}
}

func oneHolder(t *testing.T, s middleware.LeaseStore) {
	for _, provisional := range []int{0, 5} {
		a, b := request("a", 1), request("b", 1)
		a.ID, a.Provisional = id(), provisional
		b.ID, b.Provisional = a.ID, provisional
		lease(t, s, a, middleware.LeaseNew)
		lease(t, s, a, middleware.LeaseSame)
		lease(t, s, b, middleware.LeaseUsedUp)
		lease(t, s, a, middleware.LeaseSame)
	}
}

func twoIDs(t *testing.T, s middleware.LeaseStore) {
	a := request("a", 1)
	a.ID = id()
	lease(t, s, a, middleware.LeaseNew)
	a.ID += "2"
	lease(t, s, a, middleware.LeaseNew)
	a.Holder = "b"
	lease(t, s, a, middleware.LeaseUsedUp)
}

// The number of leases is that of each request; the count is the ID's.
func otherTimes(t *testing.T, s middleware.LeaseStore) {
	a, b, c := request("a", 1), request("b", 1), request("c", 2)
	a.ID = id()
	b.ID, c.ID = a.ID, a.ID
	lease(t, s, a, middleware.LeaseNew)
	lease(t, s, b, middleware.LeaseUsedUp)
	b.Times = 2
	lease(t, s, b, middleware.LeaseNew)
	lease(t, s, c, middleware.LeaseUsedUp)
	b.Times = 1
	lease(t, s, b, middleware.LeaseSame)
}

// race has n callers ask at once.
func race(t *testing.T, s middleware.LeaseStore, n int, q func(i int) middleware.LeaseRequest) map[middleware.LeaseState]int {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	var wg sync.WaitGroup
	var mu sync.Mutex
	got := map[middleware.LeaseState]int{}
	start := make(chan struct{})
	for i := range n {
		wg.Go(func() {
			<-start
			state, err := s.Lease(ctx, q(i))
			mu.Lock()
			defer mu.Unlock()
			if err != nil {
				t.Errorf("Lease(%+v): %v", q(i), err)
				return
			}
			got[state]++
		})
	}
	close(start)
	wg.Wait()
	return got
}

func strangersRace(t *testing.T, s middleware.LeaseStore) {
	id := id()
	got := race(t, s, 200, func(i int) middleware.LeaseRequest {
		q := request(fmt.Sprintf("h%d", i), 3)
		q.ID = id
		return q
	})
	if got[middleware.LeaseNew] != 3 || got[middleware.LeaseUsedUp] != 197 {
		t.Errorf("200 holders and 3 leases: %v, want 3 new and 197 used up", got)
	}
}

func holderRaces(t *testing.T, s middleware.LeaseStore) {
	q := request("a", 3)
	q.ID = id()
	got := race(t, s, 100, func(int) middleware.LeaseRequest { return q })
	if got[middleware.LeaseNew] != 1 || got[middleware.LeaseSame] != 99 {
		t.Errorf("one holder at 100 connections: %v, want 1 new and 99 same", got)
	}
	q.Times = 2
	q.Holder = "b"
	lease(t, s, q, middleware.LeaseNew) // they count once
}

// A lease that is over counts, and its holder has to take another one.
func ends(t *testing.T, s middleware.LeaseStore) {
	a, b := request("a", 2), request("b", 2)
	a.ID, a.TTL = id(), short
	b.ID, b.TTL = a.ID, short
	lease(t, s, a, middleware.LeaseNew)
	time.Sleep(short + 100*time.Millisecond)
	lease(t, s, a, middleware.LeaseNew)
	lease(t, s, b, middleware.LeaseUsedUp)
	time.Sleep(short + 100*time.Millisecond)
	lease(t, s, a, middleware.LeaseUsedUp)
}

// A request in the second half of a lease renews it. On a slow machine, the lease may
// be over at that time; then it is tried with a longer one.
func renewed(t *testing.T, s middleware.LeaseStore) {
	for ttl := 2 * short; ; ttl *= 2 {
		q := request("a", 1)
		q.ID, q.TTL = id(), ttl
		began := time.Now()
		lease(t, s, q, middleware.LeaseNew)
		time.Sleep(ttl * 3 / 4)
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		state, err := s.Lease(ctx, q)
		cancel()
		renewal := time.Now()
		late := renewal.Sub(began) >= ttl
		if err != nil || state != middleware.LeaseSame && !late {
			t.Fatalf("Lease after %v of %v = %v, %v, want same", renewal.Sub(began), ttl, state, err)
		}
		if late {
			continue
		}
		time.Sleep(time.Until(began.Add(ttl + ttl/4)))
		ctx, cancel = context.WithTimeout(t.Context(), time.Minute)
		state, err = s.Lease(ctx, q)
		cancel()
		if err == nil && state != middleware.LeaseSame && time.Since(began) >= ttl*7/4 {
			continue
		}
		if err != nil || state != middleware.LeaseSame {
			t.Fatalf("Lease %v after a renewal = %v, %v, want same", time.Since(renewal), state, err)
		}
		return
	}
}

// A provisional lease that ends gives its count back, but only so often.
func lapses(t *testing.T, s middleware.LeaseStore) {
	q := request("a", 1)
	q.ID, q.TTL, q.Provisional = id(), short, 2
	for _, holder := range []string{"a", "b", "c"} {
		q.Holder = holder
		lease(t, s, q, middleware.LeaseNew)
		time.Sleep(short + 100*time.Millisecond)
	}
	q.Holder = "d"
	lease(t, s, q, middleware.LeaseUsedUp) // the third one counted at once
}

func fewAtOnce(t *testing.T, s middleware.LeaseStore) {
	q := request("a", 2)
	q.ID, q.TTL, q.Provisional = id(), short, 1
	lease(t, s, q, middleware.LeaseNew)
	q.Holder = "b"
	lease(t, s, q, middleware.LeaseNew) // counts at once
	time.Sleep(short + 100*time.Millisecond)
	q.Holder = "c"
	lease(t, s, q, middleware.LeaseNew) // has the count of a
	q.Holder = "d"
	lease(t, s, q, middleware.LeaseUsedUp)
}

// On a slow machine, the lease may be over before it is completed.
func completed(t *testing.T, s middleware.LeaseStore) {
	for ttl := short; ; ttl *= 2 {
		q := request("a", 1)
		q.ID, q.TTL, q.Provisional = id(), ttl, 3
		began := time.Now()
		lease(t, s, q, middleware.LeaseNew)
		complete(t, s, q.ID, q.Holder)
		late := time.Since(began) >= ttl
		complete(t, s, q.ID, q.Holder)
		if late {
			continue
		}
		time.Sleep(ttl + 100*time.Millisecond)
		lease(t, s, q, middleware.LeaseUsedUp)
		return
	}
}

func completesNothing(t *testing.T, s middleware.LeaseStore) {
	q := request("a", 1)
	q.ID = id()
	complete(t, s, q.ID, q.Holder)
	lease(t, s, q, middleware.LeaseNew)
	complete(t, s, q.ID, "b")
	complete(t, s, q.ID, q.Holder)
	lease(t, s, q, middleware.LeaseSame)
	q.Holder = "b"
	lease(t, s, q, middleware.LeaseUsedUp)
}

func doneContext(t *testing.T, s middleware.LeaseStore) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	q := request("a", 1)
	q.ID = id()
	if state, err := s.Lease(ctx, q); err == nil || !errors.Is(err, context.Canceled) {
		t.Errorf("Lease with a done context = %v, %v, want an error that wraps %v", state, err, context.Canceled)
	}
	if err := s.Complete(ctx, q.ID, q.Holder); err == nil {
		t.Error("Complete with a done context: no error")
	}
}
