package bucket

import (
	"errors"
	"fmt"
	"strings"
	"time"
)

// CheckSignable returns [errors.ErrUnsupported] if name has dot segments:
// clients resolve those in the path of a URL and would request another object.
func CheckSignable(name string) error {
	for segment := range strings.SplitSeq(name, "/") {
		if segment == "." || segment == ".." {
			return fmt.Errorf("%w: clients resolve the dot segments of a URL", errors.ErrUnsupported)
		}
	}
	return nil
}

// InWindow returns the second in which the window of at began, for the URL of the
// object name. Windows of different names begin at different times, so that their
// URLs don't change together. If window is shorter than two seconds, only the
// fraction of a second is dropped from at.
func InWindow(at time.Time, window time.Duration, name string) time.Time {
	at = at.Truncate(time.Second)
	n := int64(window / time.Second)
	if n <= 1 {
		return at
	}
	phase := int64(2166136261) // FNV-1a, of 32 bits
	for i := range len(name) {
		phase = (phase ^ int64(name[i])) * 16777619 & 0xffffffff
	}
	late := (at.Unix() - phase%n) % n
	if late < 0 {
		late += n
	}
	return at.Add(-time.Duration(late) * time.Second)
}
