package site

import (
	"fmt"
	"slices"
	"strings"
)

// Listener returns the host and port where the proxy listens. They are "" for a
// fragment, which has no such setting.
func (s Site) Listener(p Part) (host, port string, err error) {
	if p == Fragment {
		return "", "", nil
	}
	if host, port, err = HostPort(s.Listen); err != nil {
		return "", "", fmt.Errorf("listen %q %w", s.Listen, err)
	}
	return host, port, nil
}

// Handed returns the rules whose files the server sends, and the names of the rules
// that the application streams, because the server can't limit their speed. A rule
// with signed URLs is an error: only nginx fetches these.
func (s Site) Handed(server string) (rules []Rule, streamed []string, err error) {
	for _, r := range s.Rules {
		switch {
		case r.Signed != nil:
			return nil, nil, fmt.Errorf("rule %q: %s can't fetch signed URLs; use nginx, or remove the rule to stream its files", r.Title(), server)
		case r.LimitRate != 0:
			streamed = append(streamed, r.Title())
		default:
			rules = append(rules, r)
		}
	}
	return rules, streamed, nil
}

// FileOfLedger returns an error if the log for the ledger is not a file, or if quote
// refuses its path.
func (s Site) FileOfLedger(server string, quote func(string) (string, error)) error {
	if strings.HasPrefix(s.Ledger, "unix:") {
		return fmt.Errorf("ledger %q is a socket, and %s logs to files; want the path of a file", s.Ledger, server)
	}
	if _, err := quote(s.Ledger); err != nil {
		return fmt.Errorf("ledger: %w", err)
	}
	return nil
}

// Destinations returns the directories that are the rules' destinations, for servers
// that get the path of a file. quote accepts each of them.
func Destinations(rules []Rule, quote func(string) (string, error)) ([]string, error) {
	var dirs []string
	for _, r := range rules {
		dir, err := Rule{Directory: r.Destination}.Files()
		if err == nil && dir == "" {
			err = fmt.Errorf("directory %q is the whole file system; want one that has only downloads in it", r.Destination)
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
