package accel

import (
	"fmt"
	"strconv"
	"strings"
)

// Named returns the [Proxy] for a server by its name: "nginx", "apache",
// "lighttpd" or "caddy", each in the version that is told in the documentation
// of its function, or one with a version where it matters, such as "caddy@2.6"
// or "apache@1.0" (which is that of mod_xsendfile).
func Named(name string) (Proxy, error) {
	server, version, versioned := strings.Cut(name, "@")
	var v [2]int
	if versioned {
		var ok bool
		if v, ok = parseVersion(version); !ok {
			return Proxy{}, fmt.Errorf("accel: version %q of proxy %q; want two numbers, such as 2.6", version, name)
		}
	}
	before := func(major, minor int) bool { return versioned && (v[0] < major || v[0] == major && v[1] < minor) }
	switch server {
	case "nginx":
		return Nginx(), nil
	case "apache":
		if versioned && !before(1, 0) {
			return Apache10(), nil
		}
		return Apache(), nil
	case "lighttpd":
		return Lighttpd(), nil
	case "caddy":
		if before(2, 7) {
			return Caddy26(), nil
		}
		return Caddy(), nil
	}
	return Proxy{}, fmt.Errorf("accel: no proxy is called %q; want nginx, apache, lighttpd or caddy, or one with a version such as caddy@2.6", name)
}

// parseVersion reads the first two numbers of a version.
func parseVersion(s string) (v [2]int, ok bool) {
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
