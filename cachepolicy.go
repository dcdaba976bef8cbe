package downloadview

import (
	"strconv"
	"strings"
)

// restrictions is a set of those directives of Cache-Control that restrict caches.
type restrictions uint8

const (
	noStore restrictions = 1 << iota
	onlyPrivate
	noCache
	mustRevalidate
	proxyRevalidate
	noTransform
)

var restrictionNames = []string{"no-store", "private", "no-cache", "must-revalidate", "proxy-revalidate", "no-transform"}

// restrictionsIn returns the restrictions in a value of Cache-Control. A directive
// that is limited to some fields, such as private="X-Job", doesn't count.
func restrictionsIn(value string) (r restrictions) {
	for value != "" {
		var directive string
		directive, value = cutDirective(value)
		for i, name := range restrictionNames {
			if strings.EqualFold(directive, name) {
				r |= 1 << i
			}
		}
	}
	return r
}

// cutDirective splits the first directive off a value of Cache-Control.
func cutDirective(value string) (directive, rest string) {
	quoted := false
	for i := 0; i < len(value); i++ {
		switch c := value[i]; {
		case c == '"':
			quoted = !quoted
		case quoted && c == '\\':
			i++
		case !quoted && c == ',':
			return strings.Trim(value[:i], " \t"), value[i+1:]
		}
	}
	return strings.Trim(value, " \t"), ""
}

// maxAge returns most, or what max-age says in a value of Cache-Control if that is less.
func maxAge(value string, most int64) int64 {
	for value != "" {
		var directive string
		directive, value = cutDirective(value)
		name, seconds, _ := strings.Cut(directive, "=")
		if !strings.EqualFold(name, "max-age") {
			continue
		}
		if age, err := strconv.ParseUint(strings.Trim(seconds, `"`), 10, 31); err == nil {
			most = min(most, int64(age))
		}
	}
	return most
}

// atLeast returns policy, a value of Cache-Control or "", with the restrictions of
// others and required added that it lacks. If policy or one of others has no-store,
// that value is returned unchanged.
func atLeast(policy string, others []string, required restrictions) string {
	own := restrictionsIn(policy)
	if own&noStore != 0 {
		return policy
	}
	for _, other := range others {
		r := restrictionsIn(other)
		if r&noStore != 0 {
			return other
		}
		required |= r
	}
	missing := required &^ own
	if missing == 0 {
		return policy
	}
	var directives []string
	for i, name := range restrictionNames { // first: policy may have an unclosed quote
		if missing&(1<<i) != 0 {
			directives = append(directives, name)
		}
	}
	for policy != "" {
		var d string
		d, policy = cutDirective(policy)
		if d != "" && !(missing&onlyPrivate != 0 && speaksToSharedCaches(d)) {
			directives = append(directives, d)
		}
	}
	return strings.Join(directives, ", ")
}

// speaksToSharedCaches reports whether a directive contradicts private or adds
// nothing to it.
func speaksToSharedCaches(directive string) bool {
	name, _, _ := strings.Cut(directive, "=")
	for _, other := range []string{"public", "s-maxage", "private"} {
		if strings.EqualFold(name, other) {
			return true
		}
	}
	return false
}

// cache sets Cache-Control to policy, made at least as strict as the values that
// the header has already. An answer with a cookie becomes private and loses its
// policies for single kinds of caches.
func (f *fields) cache(policy string) {
	if len(f.header) > 0 {
		var required restrictions
		if len(f.header["Set-Cookie"]) > 0 {
			required = onlyPrivate
			for key := range f.header {
				if speaksToOneCache(key) {
					delete(f.header, key)
				}
			}
		}
		if others := f.header["Cache-Control"]; required != 0 || len(others) > 0 {
			policy = atLeast(policy, others, required)
		}
	}
	if policy == "" {
		delete(f.header, "Cache-Control")
		return
	}
	f.set("Cache-Control", policy)
}

// speaksToOneCache reports whether a field is the policy for one kind of shared
// cache, which follows it instead of Cache-Control (RFC 9213).
func speaksToOneCache(key string) bool {
	switch key {
	case "Surrogate-Control", "X-Accel-Expires", "Edge-Control", "X-Litespeed-Cache-Control":
		return true
	}
	return strings.HasSuffix(key, "Cdn-Cache-Control")
}

// cachePolicy returns the view's Cache-Control; else the stored one, which is "" if
// only an Expires is stored; else the default.
func (r *Response) cachePolicy(a *Attributes) string {
	switch {
	case r.CacheControl != "":
		return r.CacheControl
	case r.hasStoredPolicy(a):
		return a.CacheControl
	}
	return "private, no-cache"
}
