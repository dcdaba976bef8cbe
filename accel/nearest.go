package accel

import (
	"strings"

	"github.com/downloadview/downloadview"
)

// Nearest returns the name and the source of the rule whose source shares the
// longest beginning with src, and the length of that beginning: whole path segments,
// in bytes; -1 if there are no rules. It helps to explain why no rule covers src. It
// compares src with each rule.
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

// A nearness is the common beginning of a rule's source and a file's.
type nearness struct {
	segments, bytes int // its length in bytes: up to a whole segment, and in all
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
	return n.source < than.source // so that the order of the map doesn't matter
}
