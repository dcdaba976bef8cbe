package site

import (
	"errors"
	"fmt"
	"net/netip"
	"slices"
)

// A Tier says that the files of rules with signed URLs and a cache are kept by cache
// nodes. The edge, which is in front of the application, asks them.
type Tier struct {
	// Role is "edge" or "cache": the kind of server whose configuration is printed.
	Role string

	// Nodes are where the cache nodes listen, each HOST:PORT. The edge needs them.
	Nodes []string

	// Applications are where more applications listen, beside that of Upstream. The
	// edge passes requests to all of them, and to another if one is down.
	Applications []string

	// Edges are the addresses and networks from which the edges connect, such as
	// "10.0.0.2" and "10.0.0.0/24". A cache node needs them, and refuses all others.
	Edges []string
}

func (t *Tier) check() error {
	for _, n := range t.Nodes {
		host, _, err := HostPort(n)
		if err == nil && host == "" {
			err = errors.New(`has no host; want HOST:PORT, such as "10.0.0.11:8081"`)
		}
		if err != nil {
			return fmt.Errorf("cache node %q %w", n, err)
		}
	}
	for i, n := range t.Nodes {
		if slices.Contains(t.Nodes[:i], n) {
			return fmt.Errorf("cache node %q is there twice; want it once", n)
		}
	}
	for _, a := range t.Applications {
		if err := plain("application", a); err != nil {
			return err
		}
		if _, err := ParseUpstream(a); err != nil {
			return fmt.Errorf("application %q %w", a, err)
		}
	}
	for _, e := range t.Edges {
		if err := network(e); err != nil {
			return fmt.Errorf("edge %q %w", e, err)
		}
	}
	switch {
	case t.Role != "edge" && t.Role != "cache":
		return fmt.Errorf("tier %q is not known; want edge or cache", t.Role)
	case t.Role == "edge" && len(t.Nodes) == 0:
		return errors.New("an edge needs cache nodes; want one at least, such as 10.0.0.11:8081")
	case t.Role == "cache" && len(t.Edges) == 0:
		return errors.New("a cache node fetches any URL for those who reach it, so it needs the addresses of its edges; want one at least, such as 10.0.0.2")
	}
	return nil
}

// network checks an address, or a network without bits of an address.
func network(s string) error {
	const want = `want an address such as "10.0.0.2", or a network such as "10.0.0.0/24"`
	if p, err := netip.ParsePrefix(s); err == nil {
		if p.Masked() != p {
			return fmt.Errorf("is an address with the length of a network; %s", want)
		}
		return nil
	}
	if a, err := netip.ParseAddr(s); err != nil || a.Zone() != "" {
		return fmt.Errorf("is not an address; %s", want)
	}
	return nil
}
