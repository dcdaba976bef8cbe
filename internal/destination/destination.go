// Package destination finds rules that would have a proxy send the file of
// another rule: those whose destinations lie inside one another while their
// sources don't.
package destination

import (
	"cmp"
	"fmt"
	"net/url"
	"slices"
	"strings"
)

// A Place is where the proxy finds the files of a rule.
type Place struct {
	Rule        string // its name
	Space       string // places of different spaces never meet
	Destination string // as the rule has it, with or without a slash at its end

	// Origin and Path are the source: what comes before its path, and the path
	// without slashes at its ends.
	Origin, Path string

	// Directory is where the server finds what the destination, an internal
	// location, has; "" is the path of a local source.
	Directory string

	// Alone is set where the destination alone is handed over, beside a signed
	// URL, and nothing is looked for below it.
	Alone bool
}

// An Overlap is an error: a rule, and the one whose destination its own lies in
// or equals.
type Overlap struct{ Inner, Outer Place }

// Check returns the overlaps by which a file of one rule could be sent for one of
// the other, one for each inner rule. Where the source of the inner one lies in the source
// of the outer one just as the destinations do, both lead to the same file.
//
// Upper and lower case are taken for the same, since some servers take them so,
// and so are percent-encoded characters and what they stand for.
func Check(places []Place) []*Overlap {
	var found []*Overlap
	all := make([]folded, len(places))
	for i, p := range places {
		all[i] = fold(p)
	}
	// What lies inside a place comes right after it.
	slices.SortStableFunc(all, func(a, b folded) int { return cmp.Or(cmp.Compare(a.Space, b.Space), cmp.Compare(a.key, b.key)) })
	var around []folded
	for _, p := range all {
		for len(around) > 0 && !around[len(around)-1].covers(p) {
			around = around[:len(around)-1]
		}
		for _, outer := range around {
			if !agree(outer, p) {
				found = append(found, &Overlap{Inner: p.Place, Outer: outer.Place})
				break
			}
		}
		around = append(around, p)
	}
	return found
}

type folded struct {
	Place
	exact string // with a slash at its end
	key   string // exact, as no server tells it apart from others
}

func fold(p Place) folded {
	exact := strings.TrimSuffix(p.Destination, "/") + "/"
	key := exact
	if decoded, err := url.PathUnescape(key); err == nil {
		key = decoded
	}
	return folded{p, exact, strings.ToLower(key)}
}

func (f folded) covers(other folded) bool {
	return f.Space == other.Space && strings.HasPrefix(other.key, f.key)
}

// agree tells whether nothing that outer hands over is looked for in inner, or
// else is the same file there.
func agree(outer, inner folded) bool {
	if outer.Alone && (inner.Alone || inner.key != outer.key) {
		return true
	}
	if inner.Alone || outer.Alone || outer.Origin != inner.Origin {
		return false
	}
	below, ok := strings.CutPrefix(inner.exact, outer.exact)
	below = strings.TrimSuffix(below, "/")
	return ok && under(outer.Path, below) == inner.Path && under(outer.directory(), below) == inner.directory()
}

// Local is the origin of local files.
const Local = "file://"

// directory returns where the server finds the files, without slashes at its
// ends; for what isn't local and has none, the path of the source.
func (p *Place) directory() string {
	if p.Directory == "" {
		return p.Path
	}
	return strings.Trim(p.Directory, "/")
}

// Split splits the source of a rule, a path or a URL, into origin and path.
func Split(source string) (origin, path string) {
	scheme, rest, isURL := strings.Cut(source, "://")
	switch {
	case !isURL:
		return Local, strings.Trim(source, "/")
	case scheme+"://" == Local:
		return Local, strings.Trim(rest, "/")
	}
	host, path, _ := strings.Cut(rest, "/")
	return scheme + "://" + host, strings.TrimSuffix(path, "/")
}

func under(path, below string) string {
	if path == "" || below == "" {
		return path + below
	}
	return path + "/" + below
}

// Error says what is wrong with the inner rule, and what would be right.
func (o *Overlap) Error() string {
	where := fmt.Sprintf("lies inside %q, that of rule %q", o.Outer.Destination, o.Outer.Rule)
	if fold(o.Inner).key == fold(o.Outer).key {
		where = fmt.Sprintf("is that of rule %q already", o.Outer.Rule)
		if o.Inner.Destination != o.Outer.Destination {
			where += fmt.Sprintf(" (%q)", o.Outer.Destination)
		}
	}
	why := "and their sources don't lie inside one another in the same way"
	switch {
	case o.Inner.Directory+o.Outer.Directory != "":
		why = "and their sources and directories don't all lie inside one another in the same way"
	case o.Inner.Alone:
		why = "and it has signed URLs, which those files don't have"
	case o.Outer.Alone:
		why = "which has signed URLs, and these files have none"
	}
	return fmt.Sprintf("destination %q %s, %s: the proxy would send a file of one for one of the other; want a destination outside", o.Inner.Destination, where, why)
}
