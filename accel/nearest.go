package accel

import (
	"strings"

	"github.com/downloadview/downloadview"
)

// Nearest returns the name and the source of the rule whose source has the most
// in common with src from the left, and how many bytes of whole segments that is; -1
// where there are no rules. It is for telling why no rule covers src, and looks at
// each of them.
func (a *Accelerator) Nearest(src downloadview.Source) (name, source string, shared int) {
	t := a.table.Load()
	best := nearness{segments: -1}
	text := src.String()
	look := func(o origin, p *prefixes) {
		if p == nil {
			return
		}
		for path, r := range p.rules {
			this := near(text, downloadview.Source{Scheme: o.scheme, Host: o.host, Path: pathOf(o, path)}.String())
			if this.closer(best) {
				best, name = this, r.name
			}
		}
	}
	look(local, t.local)
	for o, p := range t.remote {
		look(o, p)
	}
	return name, best.source, best.segments
}

func pathOf(o origin, path string) string {
	if o == local {
		return "/" + path
	}
	return path
}

// A nearness is what a rule's source has in common with a file's.
type nearness struct {
	segments, bytes int // of what is the same on the left: whole segments, and all
	source          string
}

func near(text, source string) nearness {
	n := nearness{source: source}
	for n.bytes < len(text) && n.bytes < len(source) && text[n.bytes] == source[n.bytes] {
		n.bytes++
	}
	n.segments = strings.LastIndexByte(text[:n.bytes], '/') + 1
	if n.bytes == len(source) && n.bytes < len(text) && text[n.bytes] == '/' {
		n.segments = n.bytes
	}
	return n
}

func (n nearness) closer(than nearness) bool {
	switch {
	case n.segments != than.segments:
		return n.segments > than.segments
	case n.bytes != than.bytes:
		return n.bytes > than.bytes
	}
	return n.source < than.source // whatever the order of the map
}
