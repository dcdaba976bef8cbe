// Package lastuse says which times of a last use the stores of a ledger believe.
package lastuse

import "time"

// Latest returns the latest time at which a download can have been used when a request for
// it comes that began at began. A later one is that of a clock which was wrong: without this
// bound, all downloads of the same file by the same subject would be one until that time.
// Clocks may differ by a day.
func Latest(began time.Time) time.Time {
	latest := time.Now()
	if began.After(latest) { // in a log whose clock is ahead
		latest = began
	}
	return latest.Add(24 * time.Hour)
}
