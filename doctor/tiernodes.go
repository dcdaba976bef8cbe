package doctor

import (
	"context"
	"fmt"
	"math"
	"net/http"
	"time"

	"github.com/downloadview/downloadview/internal/proxies/room"
)

// chance is the highest probability that the edge asks a node for none of the canary
// files, although it has the node.
const chance = 1e-6

// enough is after how many downloads the exam of the nodes ends, if no node is seen.
const enough = 8

// longest is for how long the nodes are asked. A node that waits for its store may take
// half a minute for each file.
const longest = 2 * time.Minute

// leftOut is longer than the edge leaves out a node that failed.
const leftOut = 6 * time.Second

// askNodes stores canary files and downloads them, until each node has sent two that
// differ. Which node keeps which file is up to the edge.
func (e *exam) askNodes(ctx context.Context, t *tier) {
	n := float64(len(e.Nodes))
	most := int(math.Ceil(n * math.Log(n/chance)))
	var files []canary
	began := time.Now()
	for time.Since(began) < longest && len(files) < most && !t.knows(2, e.Nodes...) && ctx.Err() == nil {
		c, err := e.put(ctx, fmt.Sprintf("tier-%d.txt", len(files)))
		if err != nil {
			return
		}
		files = append(files, c)
		e.askNode(ctx, t, c)
		if len(files) == enough && !t.seen() {
			return // the fault is another one
		}
	}
	if t.knows(1, e.Nodes...) || !pause(ctx, leftOut) { // one may be left out since it failed
		return
	}
	for _, c := range files {
		if t.knows(1, e.Nodes...) || time.Since(began) > longest || ctx.Err() != nil {
			return
		}
		e.askNode(ctx, t, c)
	}
	fault := room.NodeUnasked
	if t.lost {
		fault = room.NodeUnseen
	}
	for _, node := range e.Nodes {
		if !t.knows(1, node) {
			t.wrong[node] = e.nodeFault(ctx, fault, node, answer{}, room.Passage{}, fmt.Sprintf("not seen for any of %d files", len(files)))
		}
	}
}

// askNode downloads c, and notes what that says about the nodes and about clocks.
func (e *exam) askNode(ctx context.Context, t *tier, c canary) {
	began := time.Now()
	a := e.get(ctx, c.key)
	ended := time.Now()
	p, ok := e.proxy.Passage(a.header)
	if !ok {
		t.lost = t.lost || !a.gives(c)
		return
	}
	t.compare("application", p.Application, began, ended)
	name, _ := t.name(p.Node.Addr)
	t.compare("cache node", room.Attempt{Addr: name, Date: p.Node.Date}, began, ended)
	e.learn(ctx, t, c, a, p)
}

// learn notes what a download of c says about the nodes.
func (e *exam) learn(ctx context.Context, t *tier, c canary, a answer, p room.Passage) {
	t.lost = t.lost || !a.gives(c)
	for _, tried := range p.Failed {
		name, _ := t.name(tried.Addr)
		fault := room.NodeSilent
		if tried.Joined {
			fault = room.NodeHangsUp
		}
		t.wrong[name] = e.nodeFault(ctx, fault, name, a, p, fmt.Sprintf("the edge got no answer (%d)", tried.Status))
	}
	if p.Node.Addr == "" {
		return
	}
	name, known := t.name(p.Node.Addr)
	if fault := faultOf(a, c, p); fault != room.NoNodeFault {
		t.wrong[name] = e.nodeFault(ctx, fault, name, a, p, fmt.Sprintf("%d from the node, %v from the edge", p.Node.Status, a))
		return
	}
	if !known {
		t.wrong[name] = e.nodeFault(ctx, room.NodeUnknown, name, a, p, "the edge asks it")
	}
	was, asked := t.asked[name]
	if !asked {
		was = passed{file: c, passage: p}
	}
	was.files++
	t.asked[name] = was
}

// faultOf returns what is wrong with a node's answer for c.
func faultOf(a answer, c canary, p room.Passage) room.NodeFault {
	switch {
	case a.gives(c):
		return room.NoNodeFault
	case p.Node.Status != http.StatusOK:
		return room.NodeFails
	case a.err != nil:
		return room.NodeBreaksOff
	}
	return room.NodeMixes
}

// pause waits. It returns false if ctx ends before.
func pause(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}
