package buckettest

import (
	"net/http"
	"testing"
)

// KeysOnTheWire checks the paths and queries that are requested for keys.
// Servers may treat unusual keys differently, but the requests must be exact.
func (f *Fake) KeysOnTheWire(t *testing.T, want map[string]string) {
	var got string
	s := f.Open(t, func(_ http.ResponseWriter, r *http.Request) { got = r.RequestURI })
	for key, want := range want {
		if err := closed(fileOf(t, s, key).Open(t.Context())); err != nil {
			t.Errorf("Open(%q): %v", key, err)
			continue
		}
		if got != want {
			t.Errorf("%q is asked for as %q, want %q", key, got, want)
		}
	}
}
