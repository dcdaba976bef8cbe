package accel

import (
	"testing"
	"time"
)

// A URL that was signed while the clock was ahead isn't valid for the store yet.
func TestKeptURLsByTheClock(t *testing.T) {
	now := time.Now()
	key := urlKey{identity: "https://store.test/a", method: "GET"}
	for _, tt := range []struct {
		name string
		at   time.Time
		want string
	}{
		{"at once", now, "u"},
		{"for another request", now.Add(-time.Millisecond), "u"},
		{"later", now.Add(4 * time.Minute), "u"},
		{"too late", now.Add(6 * time.Minute), ""},
		{"after a clock that was set back", now.Add(-time.Hour), ""},
	} {
		var u urls
		u.keep(key, signedURL{url: "u", signed: now, fresh: now.Add(5 * time.Minute), until: now.Add(10 * time.Minute)})
		if got := u.kept(key, tt.at).url; got != tt.want {
			t.Errorf("%s: %q, want %q", tt.name, got, tt.want)
		}
	}
}
