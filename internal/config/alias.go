package config

import "go.yaml.in/yaml/v4"

// mostAliased is how many values all aliases of a file may stand for. Anchors save
// writing; what needs more of them is made to fill memory.
const mostAliased = 100_000

// checkAliases tells whether the aliases below top stand for no more than
// mostAliased values, and for none that they are part of themselves.
func (d *document) checkAliases(top *yaml.Node) bool {
	e := expansion{sizes: make(map[*yaml.Node]int)}
	e.size(top)
	switch {
	case e.circle != nil:
		d.errorf(e.circle.Line, "", "the alias *%s is inside of what it stands for; want the values themselves", e.circle.Value)
	case e.tooMany != nil:
		d.errorf(e.tooMany.Line, "", "up to the alias *%s, aliases stand for more than %d values; want fewer aliases, or anchors of less", e.tooMany.Value, mostAliased)
	default:
		return true
	}
	return false
}

// An expansion counts what a document is with its aliases replaced.
type expansion struct {
	sizes   map[*yaml.Node]int // of anchored values; 0 while one is being counted
	aliased int
	circle  *yaml.Node // an alias inside of its own anchor
	tooMany *yaml.Node // the alias at which there were too many
}

// size returns how many values n stands for, which is mostAliased+1 at most.
func (e *expansion) size(n *yaml.Node) int {
	if n.Kind == yaml.AliasNode {
		size, known := e.sizes[n.Alias]
		switch {
		case !known:
			size = e.size(n.Alias)
		case size == 0:
			if e.circle == nil {
				e.circle = n
			}
			return 1
		}
		if e.aliased += size; e.aliased > mostAliased && e.tooMany == nil {
			e.tooMany = n
		}
		return size
	}
	e.sizes[n] = 0
	size := 1
	for _, child := range n.Content {
		size = min(size+e.size(child), mostAliased+1)
	}
	e.sizes[n] = size
	return size
}
