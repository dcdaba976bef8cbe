package middleware

import (
	"testing"
	"testing/synctest"
	"time"
)

// The clock is right at each moment. It asks the system again in each second, since the
// system's clock may have been set.
func TestClock(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		time.Sleep(300 * time.Millisecond)
		var c clock
		c.second()
		for _, tt := range []struct {
			passes time.Duration
			asks   bool
		}{
			{0, false},
			{time.Nanosecond, false},
			{700*time.Millisecond - 2*time.Nanosecond, false},
			{time.Nanosecond, true},
			{time.Second - time.Nanosecond, false},
			{time.Second, true},
			{time.Hour, true},
		} {
			known := c.known.Load()
			time.Sleep(tt.passes)
			synctest.Wait()
			if got, want := c.second(), time.Now().Truncate(time.Second); !got.Equal(want) {
				t.Errorf("%v later it is %v, want %v", tt.passes, got, want)
			}
			if asks := c.known.Load() != known; asks != tt.asks {
				t.Errorf("%v later it asks the system: %v, want %v", tt.passes, asks, tt.asks)
			}
		}
	})
}
