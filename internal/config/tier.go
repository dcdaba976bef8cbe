package config

import (
	"errors"
	"fmt"
	"net/netip"
	"strings"

	"github.com/downloadview/downloadview/internal/proxies/site"
)

// readTier reads the tier of a proxy. Its role is up to the command that prints it.
func readTier(to **site.Tier) func(value) {
	return func(v value) {
		t := &site.Tier{}
		v.mapping(`the cache nodes, such as "cache_nodes: [10.0.0.11:8081]"`, []field{
			{name: "cache_nodes", need: "the addresses of the cache nodes, such as [10.0.0.11:8081]", read: list(&t.Nodes, "addresses, such as [10.0.0.11:8081]", cacheNode)},
			{name: "edges", read: list(&t.Edges, "addresses of the edges, such as [10.0.0.2]", edge)},
			{name: "applications", read: list(&t.Applications, "addresses of more applications, such as [10.0.0.21:8080]", v.d.upstream)},
		})
		*to = t
	}
}

// cacheNode reads where a cache node listens.
func cacheNode(s string) (string, error) {
	s, err := hostPort(s)
	if err == nil && strings.HasPrefix(s, ":") {
		err = errors.New("has no host; want HOST:PORT such as 10.0.0.11:8081")
	}
	return s, err
}

// edge reads an address, or a network, from which an edge connects.
func edge(s string) (string, error) {
	if p, err := netip.ParsePrefix(s); err == nil && p.Masked() != p {
		return "", fmt.Errorf("is an address with the length of a network; want the network %s, or the address alone", p.Masked())
	} else if err == nil {
		return s, nil
	}
	if a, err := netip.ParseAddr(s); err != nil || a.Zone() != "" {
		return "", errors.New("is not an address; want one such as 10.0.0.2, or a network such as 10.0.0.0/24")
	}
	return s, nil
}

// checkTier checks a tier against the server.
func checkTier(v value, server string, t *site.Tier) {
	if t != nil && server != "" && server != "nginx" {
		v.errorf("tier is for nginx; remove it")
	}
}
