package command

import (
	"cmp"

	"github.com/downloadview/downloadview/internal/proxies/site"
)

// tierFlags are the flags for a tier of nginx: an edge, and cache nodes behind it.
type tierFlags struct {
	Tier        string   `placeholder:"ROLE" help:"Print one server of a tier: edge (nginx in front of downloadview, which fetches from cache nodes) or cache (a cache node, which fetches from the store). Default: edge if the file has a tier, else neither."`
	CacheNode   []string `placeholder:"ADDR" help:"With --tier edge, where a cache node listens, HOST:PORT. Repeatable. Default: those of the file."`
	Edge        []string `placeholder:"ADDR" help:"With --tier cache, an address or a network from which the edges connect. Nobody else may, since a cache node asks nobody who may have which file. Repeatable. Default: those of the file."`
	Application []string `placeholder:"ADDR" help:"With --tier edge, where another downloadview listens, beside that of --upstream. Repeatable. Default: those of the file."`
	Cache       byteSize `placeholder:"SIZE" help:"With --signed, the size of the cache for each rule with signed URLs, such as 100GB. Default: no cache."`
	Slice       byteSize `placeholder:"SIZE" help:"With --cache, the size of the pieces in which objects are fetched and kept, such as 1MiB. Default: objects are fetched whole."`
}

// setTier adds the tier to s. s has that of the file, if any.
func (p *printConfig) setTier(s *site.Site) error {
	t := site.Tier{}
	if s.Tier != nil {
		t = *s.Tier
	}
	t.Role = p.Tier
	if s.Tier != nil {
		t.Role = cmp.Or(p.Tier, "edge")
	}
	if err := p.checkTierFlags(t.Role); err != nil || t.Role == "" {
		return err
	}
	if len(p.CacheNode) > 0 {
		t.Nodes = p.CacheNode
	}
	if len(p.Edge) > 0 {
		t.Edges = p.Edge
	}
	if len(p.Application) > 0 {
		t.Applications = p.Application
	}
	switch {
	case p.Server != "nginx":
		return usageErrorf("config %s: --tier is for nginx; want config nginx", p.Server)
	case t.Role == "edge" && len(t.Nodes) == 0:
		return usageErrorf("config %s: --tier edge needs the cache nodes; want --cache-node HOST:PORT for each", p.Server)
	case t.Role == "cache" && len(t.Edges) == 0:
		return usageErrorf("config %s: --tier cache needs the addresses of the edges, since a cache node asks nobody who may have which file; want --edge ADDR for each", p.Server)
	case t.Role == "cache" && p.Listen == "":
		return usageErrorf("config %s: --tier cache needs the address of this cache node; want --listen HOST:PORT", p.Server)
	}
	s.Tier = &t
	return nil
}

// checkTierFlags refuses flags that have no effect.
func (p *printConfig) checkTierFlags(role string) error {
	switch {
	case p.Tier != "" && p.Tier != "edge" && p.Tier != "cache":
		return usageErrorf("--tier %q; want edge or cache", p.Tier)
	case role != "edge" && len(p.CacheNode) > 0:
		return usageErrorf("config %s: --cache-node %q has no effect without --tier edge; want both", p.Server, p.CacheNode[0])
	case role != "edge" && len(p.Application) > 0:
		return usageErrorf("config %s: --application %q has no effect without --tier edge; want both", p.Server, p.Application[0])
	case role != "cache" && len(p.Edge) > 0:
		return usageErrorf("config %s: --edge %q has no effect without --tier cache; want both", p.Server, p.Edge[0])
	case role == "cache" && p.VerifyLinks+p.KeyFile+p.Script != "":
		return usageErrorf("config %s: --verify-links, --key-file and --script have no effect with --tier cache, since the edge verifies links; want --tier edge, or none of them", p.Server)
	case role == "cache" && p.Ledger != "":
		return usageErrorf("config %s: --ledger has no effect with --tier cache, since the edge sends the downloads to the clients; want --tier edge, or no --ledger", p.Server)
	case p.Slice != 0 && p.Cache == 0:
		return usageErrorf("config %s: --slice has no effect without --cache; want both", p.Server)
	case p.Cache != 0 && !p.Signed:
		return usageErrorf("config %s: --cache has no effect without --signed; want both, or the key cache of a rule in the file", p.Server)
	}
	return nil
}
