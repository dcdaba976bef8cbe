package command

import (
	"testing"
	"time"
)

func TestSpan(t *testing.T) {
	for d, want := range map[time.Duration]string{
		400 * time.Millisecond:                "0s",
		59 * time.Second:                      "59s",
		60 * time.Second:                      "1m0s",
		time.Hour - time.Millisecond:          "1h0m",
		25*time.Hour + 59*time.Minute:         "1d1h",
		168 * time.Hour:                       "7d0h",
		400*24*time.Hour + 23*time.Hour + 1e9: "400d23h",
	} {
		if got := span(d); got != want {
			t.Errorf("span(%v) = %q, want %q", d, got, want)
		}
	}
}
