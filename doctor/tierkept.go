package doctor

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/downloadview/downloadview/internal/proxies/room"
)

// checkSettings compares what the nodes keep objects by with what the edge expects.
func (e *exam) checkSettings(ctx context.Context, t *tier) {
	const name = "tier-settings"
	differ := make(map[string]wrong)
	for node, was := range t.asked {
		p := was.passage
		var fault room.NodeFault
		var detail string
		switch slice := max(p.Slice, p.AtNode.Slice); {
		case p.AtNode == room.Printed{}:
			fault, detail = room.NodeUnprinted, "says nothing of its settings"
		case p.Slice != 0 && p.Slice != p.Edge.Slice, p.AtNode.Slice != p.Edge.Slice:
			if p.Slice != 0 {
				slice = p.Slice
			}
			fault, detail = room.NodeSlices, fmt.Sprintf("slice %d, the edge expects %d", slice, p.Edge.Slice)
		case p.AtNode != p.Edge:
			fault, detail = room.NodeRules, fmt.Sprintf("settings %s, the edge expects %s", p.AtNode.Sum, p.Edge.Sum)
		default:
			continue
		}
		differ[node] = e.nodeFault(ctx, fault, node, answer{}, p, detail)
	}
	if len(differ) > 0 {
		e.failed(name, all(differ), "%s", details(differ))
		return
	}
	e.ok(name, "equal")
}

// checkKept downloads a file from each node again, twice: the edge asks one application
// after the other, and each signs a URL of its own.
func (e *exam) checkKept(ctx context.Context, t *tier) {
	const name = "tier-kept"
	if !pause(ctx, time.Second) { // a signature has the time in whole seconds
		return
	}
	lost := make(map[string]wrong)
	hits := 0
	for _, node := range slices.Sorted(maps.Keys(t.asked)) {
		for range 2 {
			f, hit := e.keeps(ctx, t, node)
			if f.detail != "" {
				lost[node] = f
				break
			}
			hits += hit
		}
	}
	switch {
	case len(lost) > 0:
		e.failed(name, all(lost), "%s", details(lost))
	case hits == 0:
		e.skip(name, "the nodes don't say whether they had the file")
	default:
		e.ok(name, "%d more downloads are from the same nodes, and from their caches", hits)
	}
}

// keeps downloads the file of a node once more. It returns the fault, and 1 if the node
// had the file.
func (e *exam) keeps(ctx context.Context, t *tier, node string) (wrong, int) {
	was := t.asked[node]
	a := e.get(ctx, was.file.key)
	p, ok := e.proxy.Passage(a.header)
	other, _ := t.name(p.Node.Addr)
	fault := faultOf(a, was.file, p)
	var detail string
	switch {
	case !ok:
		return wrong{}, 0
	case fault != room.NoNodeFault:
		t.lost = true
		detail = fmt.Sprintf("%v for another download", a)
	case other != node && len(t.wrong) > 0:
		return wrong{}, 0 // the edge leaves out nodes that failed
	case other != node:
		fault, detail = room.NodeMoves, "another download is from "+other
	case p.Cached == "": // see tier-settings
		return wrong{}, 0
	case p.Cached == "MISS" || p.Cached == "BYPASS":
		fault, detail = room.NodeForgets, p.Cached+" for another download"
	default:
		return wrong{}, 1
	}
	return e.nodeFault(ctx, fault, node, a, p, detail), 0
}
