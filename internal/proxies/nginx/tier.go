package nginx

import (
	_ "embed"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"strings"
	"unicode/utf8"

	"github.com/downloadview/downloadview/internal/proxies/site"
)

//go:embed tier.tmpl
var tierText string

// tier checks s.Tier against the rest, and sets the addresses that its role needs.
func (s *conf) tier(p site.Part) error {
	t := s.Site.Tier
	if t == nil {
		return nil
	}
	cached := false
	for _, r := range s.Rules {
		cached = cached || r.Cache > 0
	}
	switch {
	case !cached:
		return errors.New("no rule has a cache for the nodes of the tier; want a rule with signed URLs and the size of a cache, such as 10GB")
	case t.Role == "edge":
		s.Nodes = t.Nodes
		for _, text := range t.Applications {
			a, err := site.ParseUpstream(text)
			if err != nil { // Site.Check has found none
				return err
			}
			s.Applications = append(s.Applications, server(a))
		}
		return nil
	case p == site.Fragment:
		return errors.New("a cache node is a server of its own; want its whole configuration, and no fragment")
	case s.Site.Links != nil:
		return errors.New("a cache node verifies no links; want that at the edge")
	}
	host, port, err := net.SplitHostPort(s.Site.Listen)
	if err != nil { // Site.Check has found none
		return err
	}
	if host == "*" { // as nginx says it: the site has no host
		host = "127.0.0.1"
	} else if a, err := netip.ParseAddr(host); err != nil || a.IsUnspecified() {
		return fmt.Errorf("listen %q has the host %q, and a cache node connects to itself; want an IP address of its own, or no host", s.Site.Listen, host)
	}
	s.Self, s.SelfHost = net.JoinHostPort(host, port), host
	return nil
}

// IsNode tells whether this is a cache node.
func (s conf) IsNode() bool { return s.Site.Tier != nil && s.Site.Tier.Role == "cache" }

// checkTierLocation checks the location of a rule whose files come from cache nodes. It
// is also the path of requests to them.
func checkTierLocation(l string) error {
	for _, c := range l {
		if c >= utf8.RuneSelf || !site.IsAlphanumeric(byte(c)) && !strings.ContainsRune("/._~-", c) {
			return fmt.Errorf("destination %q has %q in it, which the path of a cache node can't have; want letters, digits and any of ._~-", l, string(c))
		}
	}
	if strings.HasPrefix(l, "/downloadview_") {
		return fmt.Errorf("destination %q begins with %q, where cache nodes have locations of their own; want another", l, "/downloadview_")
	}
	return nil
}
