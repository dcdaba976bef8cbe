package bucket

import (
	"errors"
	"testing"

	"github.com/downloadview/downloadview"
)

// Only what a client can read as a time is passed on.
func TestBusyTellsWhen(t *testing.T) {
	for after, want := range map[string]string{
		"":                              "3",
		"7":                             "7",
		"0":                             "0",
		"Thu, 01 Jan 2026 00:00:00 GMT": "Thu, 01 Jan 2026 00:00:00 GMT",
		"-1":                            "3",
		"7, 9":                          "3",
		"7s":                            "3",
		"ask node7.store.internal":      "3",
	} {
		e, ok := errors.AsType[*downloadview.StatusError](Busy(after, errors.New("busy")))
		if !ok || e.Header.Get("Retry-After") != want {
			t.Errorf("%q: %v, want %q", after, e.Header, want)
		}
	}
}
