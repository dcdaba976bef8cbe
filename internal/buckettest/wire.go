package buckettest

import (
	"net/http"
	"testing"
)

// KeysOnTheWire checks as which paths, with their query, keys are asked for. What a
// server does with odd ones is its own affair; on the wire they are exact.
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
