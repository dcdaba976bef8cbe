package accel

import (
	"strings"

	"github.com/downloadview/downloadview"
)

// A table finds the rule for a source. What that costs depends on the source
// alone, not on how many rules there are. The zero value is one without rules.
type table struct {
	local  *prefixes // most rules are for local files, which then need no look-up
	remote map[origin]*prefixes
}

// prefixes are the rules of one origin.
type prefixes struct {
	rules map[string]*rule // by path, without slashes at its ends

	// The lengths of the shortest and of the longest path: others need no look.
	shortest, longest int
}

// A rule is a [Rule] made ready.
type rule struct {
	name        string
	source      string // as it was written
	field       string
	destination string // as encode gets it
	encode      func(destination, rest string) (string, bool)
	terms       downloadview.Terms
	link        *downloadview.Link
}

// location returns the value of field for a file by what follows the rule's
// source in the file's; false where there is none.
func (r *rule) location(rest string) (string, bool) { return r.encode(r.destination, rest) }

// add returns the rule that has the place already, or nil.
func (t *table) add(o origin, path string, r *rule) *rule {
	p := t.of(o)
	if p == nil {
		p = &prefixes{rules: make(map[string]*rule), shortest: len(path), longest: len(path)}
		switch {
		case o == local:
			t.local = p
		case t.remote == nil:
			t.remote = map[origin]*prefixes{o: p}
		default:
			t.remote[o] = p
		}
	}
	if other := p.rules[path]; other != nil {
		return other
	}
	p.rules[path] = r
	p.shortest = min(p.shortest, len(path))
	p.longest = max(p.longest, len(path))
	return nil
}

func (t *table) of(o origin) *prefixes {
	if o == local {
		return t.local
	}
	return t.remote[o]
}

// find returns the rule with the longest path that covers src, or nil, and what
// follows that path in src.
func (t *table) find(src downloadview.Source) (r *rule, rest string) {
	path := src.Path
	if src.Scheme == local.scheme {
		var absolute bool
		if path, absolute = strings.CutPrefix(path, "/"); !absolute {
			return nil, ""
		}
	}
	p := t.of(origin{src.Scheme, src.Host})
	if p == nil {
		return nil, ""
	}
	if p.shortest == 0 {
		r, rest = p.rules[""], path
	}
	start := 0
	for i := range len(path) {
		switch path[i] {
		case 0:
			return nil, ""
		case '/':
			if isOdd(path[start:i]) {
				return nil, ""
			}
			if p.shortest <= i && i <= p.longest {
				if longer := p.rules[path[:i]]; longer != nil {
					r, rest = longer, path[i+1:]
				}
			}
			start = i + 1
		}
	}
	if isOdd(path[start:]) {
		return nil, ""
	}
	return r, rest
}
