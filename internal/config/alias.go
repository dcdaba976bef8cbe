package config

import "go.yaml.in/yaml/v4"

// mostAliased is the number of values that all aliases of a file may stand for
// together. A file with more is an attempt to fill the memory.
const mostAliased = 100_000

// checkAliases reports whether the aliases below top stand for at most mostAliased
// values, and whether none of them is part of its own value. Otherwise it adds an
// error to d.
func (d *document) checkAliases(top *yaml.Node) bool {
	e := expansion{sizes: make(map[*yaml.Node]int)}
	e.size(top)
	switch {
	case e.circle != nil:
		d.errorf(e.circle.Line, "", "the alias *%s is part of its own value; want the values themselves", e.circle.Value)
	case e.tooMany != nil:
		d.errorf(e.tooMany.Line, "", "up to the alias *%s, aliases stand for more than %d values; want fewer aliases, or smaller anchors", e.tooMany.Value, mostAliased)
	default:
		return true
	}
	return false
}

// An expansion counts the values of a document after its aliases are replaced.
type expansion struct {
	sizes   map[*yaml.Node]int // of anchored values; 0 while one is being counted
	aliased int
	circle  *yaml.Node // an alias inside its own anchor
	tooMany *yaml.Node // the alias at which the limit was passed
}

// size returns the number of values that n stands for, at most mostAliased+1.
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
