package buckettest

import (
	"bytes"
	"net/http"
	"slices"
	"testing"
)

// Replaced checks that a download never mixes two versions if the object is
// replaced meanwhile.
func Replaced(t *testing.T, b Bucket) {
	old, young := Numbered(1, size), Numbered(2, size)
	url := Serve(t, b.Storage)
	const two = "bytes=0-9999,50000-59999"

	t.Run("before the first range", func(t *testing.T) {
		b.replaceBefore(t, 1, old, young)
		resp, body, err := Get(t, "GET", url+"/replaced", "Range", two)
		if err != nil {
			t.Fatal(err)
		}
		want := slices.Concat(young[:10000], young[50000:60000])
		if got := bytesIn(t, resp, body); !bytes.Equal(got, want) {
			t.Errorf("%d bytes arrive, want the new ones only", len(got))
		}
	})
	t.Run("before the second range", func(t *testing.T) {
		b.replaceBefore(t, 2, old, young)
		resp, body, err := Get(t, "GET", url+"/replaced", "Range", two)
		if resp.StatusCode != http.StatusPartialContent || err == nil {
			t.Errorf("status %d and %v, want 206 that breaks off", resp.StatusCode, err)
		}
		if !bytes.Contains(body, old[:10000]) || bytes.Contains(body, []byte("version 2")) {
			t.Errorf("%d bytes arrive, want the first range and nothing of the new version", len(body))
		}
	})
	t.Run("after a look that matched", func(t *testing.T) {
		b.replaceBefore(t, 1, old, young)
		tag := tagOf(t, b.Storage, "replaced")
		resp, _, err := Get(t, "GET", url+"/replaced", "If-Match", tag)
		if err != nil || resp.StatusCode != http.StatusPreconditionFailed {
			t.Errorf("status %d, %v for what was replaced after the look, want 412", resp.StatusCode, err)
		}
	})
	t.Run("before the rest is asked for", func(t *testing.T) {
		b.put(t, "replaced", old)
		tag := tagOf(t, b.Storage, "replaced")
		b.put(t, "replaced", young)
		resp, body, err := Get(t, "GET", url+"/replaced", "Range", "bytes=50000-", "If-Range", tag)
		if err != nil || resp.StatusCode != http.StatusOK || !bytes.Equal(body, young) {
			t.Errorf("status %d, %d bytes, %v; want the new one as a whole", resp.StatusCode, len(body), err)
		}
	})
}

// replaceBefore stores old, and replaces it with young before the nth read.
func (b *Bucket) replaceBefore(t *testing.T, nth int, old, young []byte) {
	t.Helper()
	b.put(t, "replaced", old)
	reads := 0
	b.Before(func(r Request) {
		if r.Kind != Read {
			return
		}
		if reads++; reads == nth {
			if err := b.Put("replaced", young); err != nil {
				t.Error(err)
			}
		}
	})
	t.Cleanup(func() { b.Before(nil) })
}
