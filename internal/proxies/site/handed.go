package site

import (
	"fmt"
	"slices"
)

// Listener returns where the proxy listens, which a part of its configuration
// needn't say.
func (s Site) Listener(p Part) (host, port string, err error) {
	if p == Fragment {
		return "", "", nil
	}
	if host, port, err = HostPort(s.Listen); err != nil {
		return "", "", fmt.Errorf("listen %q %w", s.Listen, err)
	}
	return host, port, nil
}

// Handed splits the rules: those whose files the server sends, and the names of
// those whose speed it has no way to bound, so that the application streams them.
// Signed URLs are nginx's.
func (s Site) Handed(server string) (rules []Rule, streamed []string, err error) {
	for _, r := range s.Rules {
		switch {
		case r.Signed != nil:
			return nil, nil, fmt.Errorf("rule %q: %s can't fetch signed URLs; such a rule is for nginx, and without it the application streams", r.Title(), server)
		case r.LimitRate != 0:
			streamed = append(streamed, r.Title())
		default:
			rules = append(rules, r)
		}
	}
	return rules, streamed, nil
}

// Destinations returns the directories that are the rules' destinations, for
// servers that are told a file's path. Each can be quoted.
func Destinations(rules []Rule, quote func(string) (string, error)) ([]string, error) {
	var dirs []string
	for _, r := range rules {
		dir, err := Rule{Directory: r.Destination}.Files()
		if err == nil && dir == "" {
			err = fmt.Errorf("directory %q is all there is; want one that holds nothing but downloads", r.Destination)
		}
		if err == nil {
			_, err = quote(dir)
		}
		if err != nil {
			return nil, fmt.Errorf("rule %q: destination: %w", r.Title(), err)
		}
		if !slices.Contains(dirs, dir) {
			dirs = append(dirs, dir)
		}
	}
	return dirs, nil
}
