package middleware

import (
	"testing"
	"testing/synctest"
	"time"
)

// The clock is right at each moment. It asks the system again after a second, since the
// system's clock may have been set.
func TestClock(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var c clock
		c.now()
		for _, tt := range []struct {
			passes time.Duration
			asks   bool
		}{
			{0, false},
			{time.Nanosecond, false},
			{time.Second - 2*time.Nanosecond, false},
			{time.Nanosecond, true},
			{time.Second / 2, false},
			{time.Hour, true},
		} {
			asked := c.asked.Load()
			time.Sleep(tt.passes)
			if got, want := c.now(), time.Now(); !got.Equal(want) {
				t.Errorf("%v later it is %v, want %v", tt.passes, got, want)
			}
			if asks := c.asked.Load() != asked; asks != tt.asks {
				t.Errorf("%v later it asks the system: %v, want %v", tt.passes, asks, tt.asks)
			}
		}
	})
}
