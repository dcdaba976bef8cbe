package site

import (
	"fmt"
	"net"
	"net/netip"
	"path"
	"strconv"
	"strings"
)

// Check returns an error for a value that no server's configuration can express.
func (s Site) Check() error {
	for _, v := range []struct{ name, value string }{
		{"listen", s.Listen},
		{"upstream", s.Upstream},
		{"base path", s.BasePath},
		{"folder", s.Folder},
		{"authorities", s.Authorities},
		{"ledger", s.Ledger},
	} {
		if err := plain(v.name, v.value); err != nil {
			return err
		}
	}
	if s.BasePath != "" && (!strings.HasPrefix(s.BasePath, "/") || path.Clean(s.BasePath) != s.BasePath || s.BasePath == "/") {
		return fmt.Errorf("base path %q; want such as %q, or none", s.BasePath, "/media")
	}
	if s.Listen != "" {
		if _, _, err := HostPort(s.Listen); err != nil {
			return fmt.Errorf("listen %q %w", s.Listen, err)
		}
	}
	if _, err := s.Application(); err != nil {
		return fmt.Errorf("upstream %q %w", s.Upstream, err)
	}
	if s.Folder != "" && !path.IsAbs(s.Folder) {
		return fmt.Errorf("folder %q is not absolute; want a path such as %q", s.Folder, "/var/lib/app")
	}
	if s.Authorities != "" && !path.IsAbs(s.Authorities) {
		return fmt.Errorf("authorities %q is not absolute; want the path of a file with certificates", s.Authorities)
	}
	if where, socket := strings.CutPrefix(s.Ledger, "unix:"); s.Ledger != "" {
		switch {
		case !path.IsAbs(where):
			return fmt.Errorf("ledger %q is not absolute; want a path such as %q or %q", s.Ledger, "/var/log/nginx/downloads.log", "unix:/run/ledger.sock")
		case socket && len(where) > LongestSocket:
			return fmt.Errorf("ledger %q is longer than the %d bytes that a socket's path may have", s.Ledger, LongestSocket)
		}
	}
	for _, r := range s.Resolvers {
		if _, err := Resolver(r); err != nil {
			return fmt.Errorf("resolver %q %w", r, err)
		}
	}
	switch {
	case s.Symlinks != RefuseSymlinks && s.Symlinks != FollowSymlinks:
		return fmt.Errorf("symlinks %d is not known; want RefuseSymlinks or FollowSymlinks", s.Symlinks)
	case s.OpenFiles < 0:
		return fmt.Errorf("open files for %v; want 0 or more", s.OpenFiles)
	}
	if s.Links != nil {
		if err := s.Links.check(); err != nil {
			return err
		}
	}
	if s.Tier != nil {
		if err := s.Tier.check(); err != nil {
			return err
		}
	}
	for _, r := range s.Rules {
		if err := r.check(); err != nil {
			return fmt.Errorf("rule %q: %w", r.Title(), err)
		}
	}
	return nil
}

func (r Rule) check() error {
	for _, v := range []struct{ name, value string }{
		{"name", r.Name},
		{"source", r.Source},
		{"destination", r.Destination},
		{"directory", r.Directory},
	} {
		if err := plain(v.name, v.value); err != nil {
			return err
		}
	}
	switch {
	case r.Destination == "" || r.Destination[0] != '/':
		return fmt.Errorf("destination %q does not begin with a slash; want a path such as %q", r.Destination, "/_media/")
	case r.LimitRate < 0:
		return fmt.Errorf("limit rate %d; want bytes a second, or 0", r.LimitRate)
	case r.Cache < 0:
		return fmt.Errorf("cache of %d bytes; want 0 or more", r.Cache)
	case r.Slice < 0:
		return fmt.Errorf("slices of %d bytes; want 0 or more", r.Slice)
	case r.Slice > 0 && r.Cache == 0:
		return fmt.Errorf("slices of %d bytes without a cache; want a cache too", r.Slice)
	case r.Signed == nil:
		return nil
	}
	for _, key := range r.Signed.Hidden {
		if !isToken(key) {
			return fmt.Errorf("hide %q can't be a key of metadata; want letters, digits, - and _", key)
		}
	}
	return nil
}

// Title returns the rule's name in messages and comments: its Name, or else its Source.
func (r Rule) Title() string {
	if r.Name != "" {
		return r.Name
	}
	return r.Source
}

// Files returns the directory where the proxy finds the files of an internal location,
// without a slash at its end; "" means the root directory.
func (r Rule) Files() (string, error) {
	dir := r.Directory
	if dir == "" {
		local, ok := strings.CutPrefix(r.Source, "file://")
		if !ok {
			local = r.Source
		}
		if !strings.HasPrefix(local, "/") {
			return "", fmt.Errorf("source %q is not a directory; want a directory where the proxy finds its files", r.Source)
		}
		dir = local
	}
	if !path.IsAbs(dir) {
		return "", fmt.Errorf("directory %q is not absolute; want a path such as %q", dir, "/srv/media")
	}
	trimmed := strings.TrimSuffix(dir, "/")
	if trimmed != "" && path.Clean(trimmed) != trimmed {
		return "", fmt.Errorf("directory %q has an empty or a dot segment in it", dir)
	}
	return trimmed, nil
}

// An Address is where a server listens: a host and a port, or the path of a unix
// socket.
type Address struct{ Host, Port, Socket string }

// LongestSocket is the longest path of a socket that Linux allows, in bytes.
const LongestSocket = 107

// Application returns where the application listens.
func (s Site) Application() (Address, error) { return ParseUpstream(s.Upstream) }

// ParseUpstream reads the address of an application: HOST:PORT, or unix:PATH. The error
// continues a sentence that begins with s.
func ParseUpstream(s string) (Address, error) {
	if socket, ok := strings.CutPrefix(s, "unix:"); ok {
		switch {
		case !path.IsAbs(socket):
			return Address{}, fmt.Errorf("is not absolute; want one such as %q", "unix:/run/app.sock")
		case len(socket) > LongestSocket:
			return Address{}, fmt.Errorf("is longer than the %d bytes that a socket's path may have", LongestSocket)
		}
		return Address{Socket: socket}, nil
	}
	host, port, err := HostPort(s)
	if err == nil && host == "" {
		err = fmt.Errorf("has no host; want HOST:PORT, such as %q", "127.0.0.1:8080")
	}
	return Address{Host: host, Port: port}, err
}

// HostPort splits HOST:PORT. An IPv6 address loses its brackets; the host may
// be empty.
func HostPort(s string) (host, port string, err error) {
	const want = `want HOST:PORT, such as "127.0.0.1:8080"`
	host, port, err = net.SplitHostPort(s)
	if err != nil {
		return "", "", fmt.Errorf("is not an address; %s", want)
	}
	if n, err := strconv.ParseUint(port, 10, 16); err != nil || n == 0 {
		return "", "", fmt.Errorf("has the port %q; %s", port, want)
	}
	if strings.Contains(host, ":") {
		if ip, err := netip.ParseAddr(host); err != nil || ip.Zone() != "" {
			return "", "", fmt.Errorf("has the host %q; %s", host, want)
		}
		return host, port, nil
	}
	for _, c := range []byte(host) {
		if !IsAlphanumeric(c) && c != '.' && c != '-' && c != '_' {
			return "", "", fmt.Errorf("has the host %q; %s", host, want)
		}
	}
	return host, port, nil
}

// Resolver returns a name server's address with brackets where it is IPv6.
func Resolver(s string) (string, error) {
	const want = `want an IP address such as "127.0.0.53" or "[::1]:5353"`
	if a, err := netip.ParseAddrPort(s); err == nil && a.Addr().Zone() == "" && a.Port() != 0 {
		return a.String(), nil
	}
	a, err := netip.ParseAddr(strings.TrimSuffix(strings.TrimPrefix(s, "["), "]"))
	if err != nil || a.Zone() != "" {
		return "", fmt.Errorf("is not an address; %s", want)
	}
	if a.Is6() {
		return "[" + a.String() + "]", nil
	}
	return a.String(), nil
}

// plain refuses control characters: a line break would end a comment, and servers
// treat the others in different ways.
func plain(name, value string) error {
	if strings.ContainsFunc(value, func(r rune) bool { return r < ' ' || r == 0x7f }) {
		return fmt.Errorf("%s %q has a control character in it", name, value)
	}
	return nil
}

// isToken tells whether s can be the name of a header field.
func isToken(s string) bool {
	for _, c := range []byte(s) {
		if !IsAlphanumeric(c) && c != '-' && c != '_' {
			return false
		}
	}
	return s != ""
}

// IsAlphanumeric tells whether c is an ASCII letter or digit.
func IsAlphanumeric(c byte) bool {
	return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9'
}
