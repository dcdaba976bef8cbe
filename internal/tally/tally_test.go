package tally

import (
	"encoding/json"
	"fmt"
	"reflect"
	"testing"
	"time"

	"github.com/downloadview/downloadview/middleware"
)

var start = time.UnixMilli(1790000000000)

// A request that changes nothing needn't be kept. A lease is renewed in its second half,
// and the time to remember it only grows.
func TestChanged(t *testing.T) {
	var tally Tally
	for i, step := range []struct {
		after   time.Duration // since the start
		holder  string
		keep    time.Duration // from then on
		state   middleware.LeaseState
		changed bool
	}{
		{0, "a", time.Hour, middleware.LeaseNew, true},
		{time.Second, "a", time.Hour - time.Second, middleware.LeaseSame, false},
		{29 * time.Second, "a", time.Minute, middleware.LeaseSame, false},
		{31 * time.Second, "a", time.Minute, middleware.LeaseSame, true},
		{32 * time.Second, "a", time.Minute, middleware.LeaseSame, false},
		{33 * time.Second, "b", time.Minute, middleware.LeaseUsedUp, false},
		{34 * time.Second, "b", 2 * time.Hour, middleware.LeaseUsedUp, true},
		{35 * time.Second, "b", 2*time.Hour - time.Second, middleware.LeaseUsedUp, false},
		{90 * time.Second, "a", time.Minute, middleware.LeaseSame, true},
		{151 * time.Second, "a", time.Minute, middleware.LeaseUsedUp, false},
	} {
		now := start.Add(step.after)
		state, changed := tally.Lease(middleware.LeaseRequest{ID: "1", Holder: step.holder, Times: 1, TTL: time.Minute, Keep: step.keep}, now)
		if state != step.state || changed != step.changed {
			t.Errorf("step %d: %v, changed %v, want %v, %v", i+1, state, changed, step.state, step.changed)
		}
		if until := now.Add(step.keep); time.UnixMilli(tally.Until).Before(until) {
			t.Errorf("step %d: it is kept until %v, want %v or later", i+1, time.UnixMilli(tally.Until), until)
		}
	}
}

// However leases are taken, completed and end, no more than Times and Provisional
// together are given out, and those that count are never more than Times.
func TestBounds(t *testing.T) {
	for _, provisional := range []int{0, 1, 3} {
		var tally Tally
		given := 0
		now := start
		for i := range 1000 {
			q := middleware.LeaseRequest{ID: "1", Holder: fmt.Sprint(i % 7), Times: 4, TTL: time.Minute, Keep: time.Hour, Provisional: provisional}
			if state, _ := tally.Lease(q, now); state == middleware.LeaseNew {
				given++
			}
			if i%5 == 0 {
				tally.Complete(q.Holder, now)
			}
			if tally.Counted > 4 || tally.Counted < 0 || len(tally.Provisional)+tally.Lapsed > provisional {
				t.Fatalf("after %d requests: %+v", i+1, tally)
			}
			now = now.Add(time.Duration(i%13) * 10 * time.Second)
		}
		if given > 4+provisional || given < 4 {
			t.Errorf("provisional %d: %d leases were given out, want 4 to %d", provisional, given, 4+provisional)
		}
	}
}

func TestText(t *testing.T) {
	tally := Tally{Counted: 2, Lapsed: 1, Leases: map[string]int64{"a": 5}, Provisional: map[string]int64{"b": 6}, Until: 7}
	text, err := json.Marshal(tally)
	if err != nil {
		t.Fatal(err)
	}
	if want := `{"n":2,"l":1,"h":{"a":5},"p":{"b":6},"u":7}`; string(text) != want {
		t.Errorf("%s, want %s: servers of another version read it", text, want)
	}
	var got Tally
	if err := json.Unmarshal(text, &got); err != nil || !reflect.DeepEqual(got, tally) {
		t.Errorf("read %+v, %v, want %+v", got, err, tally)
	}
}
