package config

import (
	"errors"
	"fmt"
	"strings"
)

// ParseBasePath reads the path of URLs below which everything is served. It is not
// percent-encoded. The result has no slash at its end, so that of "/" is "". The error
// continues a sentence that begins with s.
func ParseBasePath(s string) (string, error) {
	const want = "want the path of a URL such as /media, not percent-encoded"
	switch {
	case s == "":
		return "", errors.New("is empty; " + want + ", or / for none")
	case s[0] != '/':
		return "", errors.New("does not begin with a slash; " + want)
	case strings.ContainsAny(s, "?#"):
		return "", errors.New("has a query or a fragment; " + want)
	case strings.Contains(s, `\`):
		return "", errors.New("has a backslash, which browsers take for a slash; " + want)
	case strings.ContainsFunc(s, func(r rune) bool { return r < ' ' || r == 0x7f }):
		return "", errors.New("has a control character in it")
	case s == "/":
		return "", nil
	}
	base := strings.TrimSuffix(s, "/")
	for segment := range strings.SplitSeq(base[1:], "/") {
		if segment == "" || segment == "." || segment == ".." || strings.HasPrefix(segment, "~1.") {
			return "", fmt.Errorf("has a segment %q in it; %s", segment, want)
		}
	}
	return base, nil
}

// SetBasePath puts all mounts below another base path, in the form of [ParseBasePath].
func (c *Config) SetBasePath(base string) {
	for i := range c.Mounts {
		m := &c.Mounts[i]
		m.Path = base + strings.TrimPrefix(m.Path, c.BasePath)
	}
	c.BasePath = base
}

// MountKey returns the key of a mount of c in the file. There, its path doesn't have the
// base path.
func (c *Config) MountKey(m *Mount) string {
	return "mounts." + strings.TrimPrefix(m.Path, c.BasePath)
}
