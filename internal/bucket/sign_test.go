package bucket_test

import (
	"errors"
	"testing"
	"time"

	"github.com/downloadview/downloadview/internal/bucket"
)

func TestCheckSignable(t *testing.T) {
	for name, fine := range map[string]bool{
		"a/b": true, "a//b": true, "/a": true, ".a/b.": true, "a/..b": true, "...": true,
		".": false, "..": false, "./a": false, "a/.": false, "a/../b": false, "in/../a": false,
	} {
		if err := bucket.CheckSignable(name); (err == nil) != fine || err != nil && !errors.Is(err, errors.ErrUnsupported) {
			t.Errorf("CheckSignable(%q) = %v, want that it is fine: %t", name, err, fine)
		}
	}
}

// Each second is in one window, which began less than a window ago. The windows of
// most names begin at different times.
func TestInWindow(t *testing.T) {
	from := time.Date(2026, 2, 27, 23, 59, 30, 0, time.UTC)
	for _, window := range []time.Duration{2 * time.Second, 7 * time.Second, time.Minute, 5*time.Minute + 300*time.Millisecond, 84 * time.Hour} {
		whole := window.Truncate(time.Second)
		starts := map[time.Time]bool{}
		for _, name := range []string{"a", "b", "a/b.pdf", "ü", ""} {
			began := bucket.InWindow(from, window, name)
			starts[began] = true
			if late := from.Sub(began); late < 0 || late >= whole {
				t.Errorf("%v, %q: began %v before", window, name, late)
			}
			for _, at := range []time.Time{began, began.Add(time.Millisecond), began.Add(whole - time.Millisecond)} {
				if got := bucket.InWindow(at, window, name); !got.Equal(began) {
					t.Errorf("%v, %q: %v is in the window of %v, want %v", window, name, at, got, began)
				}
			}
			if got, want := bucket.InWindow(began.Add(whole), window, name), began.Add(whole); !got.Equal(want) {
				t.Errorf("%v, %q: the next window begins at %v, want %v", window, name, got, want)
			}
		}
		if window >= time.Minute && len(starts) < 4 {
			t.Errorf("%v: windows begin at %v, want different times", window, starts)
		}
	}
	at := from.Add(999 * time.Millisecond)
	for _, window := range []time.Duration{0, time.Millisecond, time.Second, 2*time.Second - 1} {
		if got := bucket.InWindow(at, window, "a"); !got.Equal(from) {
			t.Errorf("%v: %v, want only the fraction dropped", window, got)
		}
	}
	if before := time.Unix(-100, 0); !bucket.InWindow(before, 7*time.Second, "a").After(before.Add(-7 * time.Second)) {
		t.Errorf("before 1970: %v", bucket.InWindow(before, 7*time.Second, "a"))
	}
}
