package accel

import (
	"errors"
	"fmt"
	"strings"
)

// directory checks a destination that is a directory on the proxy's machine and
// returns it with a slash at its end.
func directory(s string) (string, error) {
	const want = `want an absolute path of a directory, such as "/srv/media"`
	switch {
	case s == "":
		return "", errors.New("is empty; " + want)
	case strings.Contains(s, "://"):
		return "", errors.New("is a URL; " + want)
	case !isAbsolute(s):
		return "", errors.New("is not absolute; " + want)
	case strings.ContainsFunc(s, isControl):
		return "", errors.New("has a control character in it; " + want)
	case len(s) > longestLocation:
		return "", fmt.Errorf("is longer than %d bytes; %s", longestLocation, want)
	}
	s = strings.TrimSuffix(s, "/")
	if s == "" {
		return "/", nil
	}
	if seg, ok := oddSegment(s[strings.IndexByte(s, '/')+1:]); ok {
		return "", fmt.Errorf("has a segment %q in it; %s", seg, want)
	}
	return s + "/", nil
}

// isAbsolute tells whether a path on the proxy's machine is absolute. That machine
// may run another operating system than this one.
func isAbsolute(s string) bool {
	drive := len(s) >= 3 && s[1] == ':' && s[2] == '/' && ('a' <= s[0]|0x20 && s[0]|0x20 <= 'z')
	return s[0] == '/' || drive
}

// encodedDirectory is directory, percent-encoded.
func encodedDirectory(s string) (string, error) {
	s, err := directory(s)
	if err != nil {
		return "", err
	}
	encoded, ok := encodeLocation("", s)
	if !ok {
		return "", fmt.Errorf("is longer than %d bytes when it is encoded", longestLocation)
	}
	return encoded, nil
}

// rawLocation is for servers that don't decode the value. It returns false for a
// name that the server's parser of header fields would change.
func rawLocation(destination, rest string) (string, bool) {
	if len(destination)+len(rest) > longestLocation || strings.ContainsFunc(rest, isControl) || rest[len(rest)-1] == ' ' {
		return "", false
	}
	return destination + rest, true
}
