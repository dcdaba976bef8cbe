package command

import (
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// The wait ends when the last one has ended, and not before.
func TestTally(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var all tally
		all.wait()
		for i := range 3 {
			all.begin()
			go func() {
				time.Sleep(time.Duration(i) * time.Second)
				all.end()
			}()
		}
		start := time.Now()
		all.wait()
		if took := time.Since(start); took != 2*time.Second {
			t.Errorf("it waits %v, want 2s", took)
		}
	})
}

// Handlers may begin and end at any time; no end is missed.
func TestTallyOfMany(t *testing.T) {
	for range 100 {
		var all tally
		var some sync.WaitGroup
		all.begin()
		for range 8 {
			some.Go(func() {
				for range 100 {
					all.begin()
					all.end()
				}
			})
		}
		go func() {
			some.Wait()
			all.end()
		}()
		all.wait()
		if n := all.running.Load(); n != 0 {
			t.Fatalf("%d are running after the wait", n)
		}
	}
}
