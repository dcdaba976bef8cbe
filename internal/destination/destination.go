// Package destination finds rules by which a proxy could send the file of
// another rule: their destinations lie inside one another, but their sources
// don't.
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
	Space       string // places in different spaces never overlap
	Destination string // as in the rule, with or without a slash at its end

	// Origin and Path are the source: the part before its path, and the path
	// without slashes at its ends.
	Origin, Path string

	// Directory is the server's directory for the destination, an internal
	// location. "" means the path of a local source.
	Directory string

	// Alone is set if only the destination is handed over, together with a
	// signed URL, and no path below it is used.
	Alone bool
}

// An Overlap is an error: the destination of the inner rule equals that of the
// outer rule or lies inside it.
type Overlap struct{ Inner, Outer Place }

// Check returns the overlaps through which a file of one rule could be sent for
// a file of the other, at most one for each inner rule. It isn't an overlap if
// the sources lie inside one another in the same way as the destinations: then
// both lead to the same file.
//
// Check ignores case, because some servers do, and treats percent-encoded
// characters as the characters themselves.
func Check(places []Place) []*Overlap {
	var found []*Overlap
	all := make([]folded, len(places))
	for i, p := range places {
		all[i] = fold(p)
	}
	// A place is followed directly by the places inside it.
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
	key   string // exact in lower case and decoded, for comparing
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

// agree reports whether no file of outer can be confused with one of inner:
// outer hands over no path inside inner, or the path leads to the same file.
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

// directory returns the server's directory for the files, without slashes at
// its ends. If Directory is "", it is the path of the source.
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
		why = "and its files have signed URLs, but those of the other rule don't"
	case o.Outer.Alone:
		why = "whose files have signed URLs, but those of this rule don't"
	}
	return fmt.Sprintf("destination %q %s, %s: the proxy could send a file of one rule for a file of the other; want a destination outside it", o.Inner.Destination, where, why)
}
