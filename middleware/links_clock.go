package middleware

import (
	"sync/atomic"
	"time"
)

// A clock tells in which second of the day it is asked. It asks the system once in a
// second, and a timer lets it forget the answer as the second ends: to ask, or even to
// measure how much time has passed, takes a tenth as long as verifying a link. So it
// follows within a second when the system's clock is set. It is late by as much as the
// timer is: by moments, if the process was stopped and goes on. While nobody asks, it does
// nothing. The zero value is ready to use, and several goroutines may use it.
type clock struct{ known atomic.Pointer[time.Time] }

// second returns the beginning of the second.
func (c *clock) second() time.Time {
	if known := c.known.Load(); known != nil {
		return *known
	}
	now := time.Now()
	second := now.Truncate(time.Second)
	c.known.Store(&second)
	time.AfterFunc(time.Second-now.Sub(second), func() { c.known.Store(nil) })
	return second
}
