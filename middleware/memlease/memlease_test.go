package memlease

import (
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/downloadview/downloadview/middleware"
	"github.com/downloadview/downloadview/middleware/leasetest"
)

func TestStore(t *testing.T) { leasetest.Run(t, New(nil)) }

// A full store refuses what needs more memory, and nothing else. What is over makes
// room.
func TestFull(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := New(&Options{Most: 4})
		ask := func(id, holder string) (middleware.LeaseState, error) {
			return s.Lease(t.Context(), middleware.LeaseRequest{ID: id, Holder: holder, Times: 2, TTL: time.Minute, Keep: time.Hour})
		}
		for _, tt := range []struct {
			id, holder string
			want       middleware.LeaseState
			full       bool
		}{
			{"1", "a", middleware.LeaseNew, false},
			{"2", "a", middleware.LeaseNew, false},
			{"3", "a", 0, true},
			{"1", "b", 0, true},
			{"1", "a", middleware.LeaseSame, false},
		} {
			got, err := ask(tt.id, tt.holder)
			if got != tt.want || (err != nil) != tt.full || tt.full && !strings.Contains(err.Error(), "Most is 4") {
				t.Errorf("Lease(%s, %s) = %v, %v, want %v, full %v", tt.id, tt.holder, got, err, tt.want, tt.full)
			}
		}
		time.Sleep(2 * time.Minute) // the leases are over
		if got, err := ask("1", "b"); got != middleware.LeaseNew || err != nil {
			t.Errorf("after the leases: %v, %v, want new", got, err)
		}
		if got, err := ask("1", "c"); got != middleware.LeaseUsedUp || err != nil {
			t.Errorf("used up: %v, %v", got, err)
		}
		time.Sleep(time.Hour + time.Minute)
		for i := range 2 {
			if got, err := ask(fmt.Sprint("new", i), "a"); got != middleware.LeaseNew || err != nil {
				t.Errorf("after the links: %v, %v, want new", got, err)
			}
		}
	})
}

// The size is exact: after everything is over, nothing is left.
func TestNothingIsLeft(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := New(nil)
		for i := range 1000 {
			q := middleware.LeaseRequest{ID: fmt.Sprint(i % 100), Holder: fmt.Sprint(i), Times: 5, TTL: time.Second, Keep: time.Minute, Provisional: i % 3}
			if _, err := s.Lease(t.Context(), q); err != nil {
				t.Fatal(err)
			}
			if i%7 == 0 {
				if err := s.Complete(t.Context(), q.ID, q.Holder); err != nil {
					t.Fatal(err)
				}
			}
			time.Sleep(100 * time.Millisecond)
		}
		time.Sleep(time.Hour)
		s.sweep(time.Now())
		if s.size != 0 || len(s.all) != 0 {
			t.Errorf("size %d, %d IDs, want 0", s.size, len(s.all))
		}
	})
}

// One link with many leases at once costs no more than many links. It would, if each
// request looked at all of its leases. The times are compared in one run.
func TestManyLeasesOfOneLink(t *testing.T) {
	const n, factor = 10_000, 30
	took := func(id func(i int) string) time.Duration {
		s := New(nil)
		began := time.Now()
		for i := range n {
			q := middleware.LeaseRequest{ID: id(i), Holder: fmt.Sprint(i), Times: n, TTL: time.Hour, Keep: time.Hour}
			if state, err := s.Lease(t.Context(), q); err != nil || state != middleware.LeaseNew {
				t.Fatal(state, err)
			}
		}
		return time.Since(began)
	}
	many, one := took(func(i int) string { return fmt.Sprint(i) }), took(func(int) string { return "one" })
	if one > factor*many {
		t.Errorf("%d leases of one link took %v, and of as many links %v", n, one, many)
	}
}
