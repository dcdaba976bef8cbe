package doctor

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"net"
	"net/netip"
	"slices"
	"strings"
	"time"

	"github.com/downloadview/downloadview/internal/proxies/room"
)

// A tier is what an exam learns about the cache nodes, by their names in Setup.Nodes, or
// by their addresses if they aren't there.
type tier struct {
	names map[string]string        // by the address that the edge asks
	asked map[string]passed        // nodes that sent a canary file
	wrong map[string]wrong         // nodes with a fault
	skews map[string]time.Duration // of clocks that are wrong, by server
	right int                      // answers whose clock was right
	lost  bool                     // whether downloads fail
}

// passed is the first download from a node.
type passed struct {
	file    canary
	passage room.Passage
	files   int // different ones that the node has sent
}

// wrong is a fault of a node.
type wrong struct {
	finding
	detail string
}

// checkTier downloads a file from each cache node, through the edge. It returns false if
// downloads fail by the fault of a node.
func (e *exam) checkTier(ctx context.Context) bool {
	if len(e.Nodes) == 0 {
		return true
	}
	e.step = TierStep
	defer func() { e.step = ProxyStep }()
	h, _, ok := e.handover(ctx, e.plain.key)
	_, told := e.proxy.Passage(e.served.header)
	switch {
	case len(e.made) == 0:
		e.end("needs canary files")
	case !ok || h.Link == nil || h.Link.Status != 0:
		e.end("no rule hands files over to the cache nodes")
	case told, !e.served.gives(e.plain):
		return e.checkNodes(ctx)
	case !e.served.isHandedOver() && e.served.isWitnessed():
		e.end("the application streams to the proxy: see proxy-sends")
	default:
		ev := e.evidence(ctx, e.plain, e.served, e.direct)
		ev.NodeFault = room.EdgeSilent
		e.warn("tier-nodes", ev.diagnose(), "the edge doesn't say which cache node sent a file")
		e.end("the edge doesn't say which cache node sent a file")
	}
	return true
}

func (e *exam) checkNodes(ctx context.Context) bool {
	t := &tier{asked: map[string]passed{}, wrong: map[string]wrong{}, skews: map[string]time.Duration{}}
	t.names = e.nodesByAddress(ctx)
	if p, ok := e.proxy.Passage(e.served.header); ok {
		e.learn(ctx, t, e.plain, e.served, p)
	}
	e.askNodes(ctx, t)
	e.end("no cache node is seen to send a file")
	switch {
	case !t.seen():
		return true // see proxy-file
	case len(t.wrong) > 0:
		e.failed("tier-nodes", all(t.wrong), "%s", details(t.wrong))
	case !t.knows(1, e.Nodes...):
		e.skip("tier-nodes", "canary files were not stored")
	default:
		e.ok("tier-nodes", "%d send files", len(e.Nodes))
	}
	if len(t.asked) > 0 {
		e.checkSettings(ctx, t)
		e.checkKept(ctx, t)
	}
	e.checkClocks(t)
	return !t.lost || e.resultOf("tier-nodes") != Failed && e.resultOf("tier-kept") != Failed
}

// nodesByAddress returns the names of cache nodes by their addresses. Hosts are resolved
// on this machine, as the edge does on its own.
func (e *exam) nodesByAddress(ctx context.Context) map[string]string {
	names := make(map[string]string)
	for _, node := range e.Nodes {
		names[node] = node
		host, port, err := net.SplitHostPort(node)
		if err != nil {
			continue // newExam has found none
		}
		addrs, err := net.DefaultResolver.LookupNetIP(ctx, "ip", host)
		if err != nil {
			continue // the edge may know it
		}
		for _, a := range addrs {
			names[net.JoinHostPort(a.Unmap().String(), port)] = node
		}
	}
	return names
}

// name returns the name of the node at an address, and whether it has one.
func (t *tier) name(addr string) (string, bool) {
	if a, err := netip.ParseAddrPort(addr); err == nil {
		addr = netip.AddrPortFrom(a.Addr().Unmap(), a.Port()).String()
	}
	name, ok := t.names[addr]
	return cmp.Or(name, addr), ok
}

// knows tells whether each of the nodes has sent a number of files, or has a fault.
func (t *tier) knows(files int, nodes ...string) bool {
	return !slices.ContainsFunc(nodes, func(node string) bool {
		_, wrong := t.wrong[node]
		return !wrong && t.asked[node].files < files
	})
}

// seen tells whether anything is known of any node.
func (t *tier) seen() bool { return len(t.asked) > 0 || len(t.wrong) > 0 }

// isFromNode tells whether a cache node had what an answer sends. The edge has then asked
// the application.
func (e *exam) isFromNode(a answer) bool {
	if len(e.Nodes) == 0 {
		return false
	}
	p, ok := e.proxy.Passage(a.header)
	return ok && p.Node.Addr != "" && p.Cached != "MISS"
}

// nodeFault returns the fault of a node, as an answer and its passage show it.
func (e *exam) nodeFault(ctx context.Context, fault room.NodeFault, node string, a answer, p room.Passage, detail string) wrong {
	ev := e.evidence(ctx, e.plain, a, e.direct)
	ev.NodeFault, ev.Node, ev.Passage = fault, node, p
	return wrong{ev.diagnose(), detail}
}

// all joins the findings of nodes.
func all(of map[string]wrong) finding {
	var causes, changes []string
	for _, name := range slices.Sorted(maps.Keys(of)) {
		causes, changes = append(causes, of[name].cause), append(changes, of[name].change)
	}
	return finding{strings.Join(slices.Compact(causes), "; "), strings.Join(slices.Compact(changes), "; ")}
}

func details(of map[string]wrong) string {
	var said []string
	for _, name := range slices.Sorted(maps.Keys(of)) {
		said = append(said, name+": "+of[name].detail)
	}
	return strings.Join(said, "; ")
}

// checkSetupNodes returns an error that says what is wrong with Setup.Nodes.
func (e *exam) checkSetupNodes() error {
	if len(e.Nodes) > 0 && e.proxy.Passage == nil {
		return fmt.Errorf("cache nodes of the server %q; want the Server nginx, or no Nodes", e.Server)
	}
	for _, node := range e.Nodes {
		if host, port, err := net.SplitHostPort(node); err != nil || host == "" || port == "" {
			return fmt.Errorf("cache node %q; want HOST:PORT such as 10.0.0.11:8081", node)
		}
	}
	return nil
}
