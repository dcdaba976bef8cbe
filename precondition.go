package downloadview

import (
	"fmt"
	"net/http"
	"strings"
	"time"
)

// precondition evaluates If-Match, If-Unmodified-Since, If-None-Match and
// If-Modified-Since. It returns 0 to go on, else 304 or 412.
func precondition(method string, h http.Header, f facts) int {
	if unmet(h, f) != "" {
		return http.StatusPreconditionFailed
	}
	safe := isGetOrHead(method)
	if lines, ok := h["If-None-Match"]; ok {
		switch {
		case !listed(lines, f.etag, weakly):
			return 0
		case safe:
			return http.StatusNotModified
		}
		return http.StatusPreconditionFailed
	}
	if t, ok := dateIn(h["If-Modified-Since"]); ok && safe && !f.modTime.IsZero() && !f.modTime.After(t) {
		return http.StatusNotModified
	}
	return 0
}

// isGetOrHead reports whether a 304 can answer a method (RFC 9110, 13.1.2 and 13.1.3).
func isGetOrHead(method string) bool { return method == http.MethodGet || method == http.MethodHead }

// unmet evaluates If-Match and If-Unmodified-Since, and returns the one that the
// file does not meet, or "".
func unmet(h http.Header, f facts) (key string) {
	if lines, ok := h["If-Match"]; ok {
		if !listed(lines, f.etag, strongly) {
			return "If-Match"
		}
	} else if t, ok := dateIn(h["If-Unmodified-Since"]); ok && !f.modTime.IsZero() && f.modTime.After(t) {
		return "If-Unmodified-Since"
	}
	return ""
}

// failedPrecondition returns the reason for a 412 of precondition.
func failedPrecondition(h http.Header, f facts) error {
	key := unmet(h, f)
	if key == "" {
		key = "If-None-Match"
	}
	return fmt.Errorf("the file does not meet the precondition %s: %.100q", key, h.Get(key))
}

// asksForAny reports whether a condition is about any version of the file, "*".
// Only looking at the file tells whether there is one.
func asksForAny(h http.Header) bool {
	for _, key := range []string{"If-Match", "If-None-Match"} {
		for _, line := range h[key] {
			if strings.Trim(line, " \t") == "*" {
				return true
			}
		}
	}
	return false
}

// hasPreconditions reports whether h has a field that precondition evaluates.
func hasPreconditions(h http.Header) bool {
	return len(h["If-Match"]) > 0 || len(h["If-None-Match"]) > 0 ||
		len(h["If-Modified-Since"]) > 0 || len(h["If-Unmodified-Since"]) > 0
}

// ifRange evaluates If-Range. It is true if ranges may be sent (RFC 9110,
// 13.1.5).
func ifRange(lines []string, f facts) bool {
	if len(lines) == 0 {
		return true
	}
	if len(lines) > 1 {
		return false
	}
	v := strings.Trim(lines[0], " \t")
	if tag, rest := cutTag(v); tag != "" {
		return rest == "" && tag == f.etag
	}
	// A date identifies one version only if that version was at least a second old
	// (RFC 9110, 8.8.2.2), and only if the dates are equal.
	t, err := http.ParseTime(v)
	return err == nil && !f.modTime.IsZero() && f.age >= time.Second && t.Equal(f.modTime)
}

// dateIn returns the date of a field. A value that is not a date, or that came
// more than once, counts as absent (RFC 9110, 13.1.3 and 13.1.4).
func dateIn(lines []string) (time.Time, bool) {
	if len(lines) != 1 {
		return time.Time{}, false
	}
	t, err := http.ParseTime(strings.Trim(lines[0], " \t"))
	return t, err == nil
}
