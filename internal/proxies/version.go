package proxies

import (
	"slices"
	"strconv"
	"strings"
)

// A version has the first two numbers of a server's version.
type version [2]int

func from(major, minor int) func(version) bool {
	return func(v version) bool { return slices.Compare(v[:], []int{major, minor}) >= 0 }
}

func before(major, minor int) func(version) bool {
	return func(v version) bool { return slices.Compare(v[:], []int{major, minor}) < 0 }
}

func parseVersion(s string) (v version, ok bool) {
	major, rest, ok := strings.Cut(s, ".")
	if !ok {
		return v, false
	}
	minor, _, _ := strings.Cut(rest, ".")
	for i, digits := range []string{major, minor} {
		n, err := strconv.ParseUint(digits, 10, 16)
		if err != nil {
			return v, false
		}
		v[i] = int(n)
	}
	return v, true
}
