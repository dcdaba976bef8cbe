package accel

import (
	"strings"

	"github.com/downloadview/downloadview"
)

// A table finds the rule for a source. The cost depends only on the source, not on
// the number of rules. The zero value has no rules.
type table struct {
	local  *prefixes // apart, since most rules are for local files: it saves a look-up
	remote map[origin]*prefixes
}

// prefixes are the rules of one origin.
type prefixes struct {
	rules map[string]*rule // by path, without slashes at its ends

	// The lengths of the shortest and of the longest path. Others can't be in rules.
	shortest, longest int
}

// A rule is a [Rule] that was checked and encoded.
type rule struct {
	name        string
	source      string // as in the Rule
	field       string
	destination string // in the form for encode
	encode      func(destination, rest string) (string, bool)
	terms       downloadview.Terms
	link        *downloadview.Link
}

// location returns the value of field for a file. rest is the part of the file's
// source after the rule's. It returns false if field can't carry the name.
func (r *rule) location(rest string) (string, bool) { return r.encode(r.destination, rest) }

// add adds r, unless there is a rule for the same place, which it then returns.
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

// find returns the rule with the longest path that covers src, or nil, and the part
// of src after that path.
func (t *table) find(src downloadview.Source) (r *rule, rest string) {
	host, path := src.Host, src.Path
	if src.Scheme == local.scheme {
		var absolute bool
		if path, absolute = strings.CutPrefix(path, "/"); !absolute {
			return nil, ""
		}
	} else if before, after, ok := strings.Cut(host, "/"); ok {
		// The ARN of an access point, in place of a bucket. In a Rule, the host ends at
		// the slash.
		host, path = before, after+"/"+path
	}
	p := t.of(origin{src.Scheme, host})
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
