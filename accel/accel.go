package accel

import (
	"fmt"
	"net/http"
	"sync/atomic"

	"github.com/downloadview/downloadview"
	"github.com/downloadview/downloadview/internal/destination"
)

// An Accelerator hands files over to a proxy by rules. It does no I/O, and several
// goroutines may use it at the same time.
type Accelerator struct {
	proxy Proxy
	from  From
	table atomic.Pointer[table]
}

// Options are the optional settings of an [Accelerator].
type Options struct {
	// From says which requests come from the proxy. All others are streamed, so
	// that clients that connect to the application directly don't see internal
	// locations and signed URLs. The zero value treats every request as coming
	// from the proxy.
	From From
}

// New returns an accelerator that hands files over to p by rules. The order of the
// rules doesn't matter. Without rules it hands nothing over. nil options mean the
// zero value.
//
// If a rule is wrong, the error is a [*RuleError] for the first wrong rule that is
// found. A rule is wrong if a field doesn't have the form that [Rule] and the proxy
// require, if another rule has the same name or source, or if its destination lies
// inside the destination of another rule (see [Rule.Destination] for the
// exceptions). If p is not complete, the error is of another type.
func New(p Proxy, rules []Rule, o *Options) (*Accelerator, error) {
	if err := p.check(); err != nil {
		return nil, fmt.Errorf("accel: %w", err)
	}
	a := &Accelerator{proxy: p}
	if o != nil {
		a.from = o.From
	}
	if err := a.Swap(rules...); err != nil {
		return nil, err
	}
	return a, nil
}

// Swap replaces the rules of a. It may be called while a is in use: each request
// sees either all of the old rules or all of the new ones. If Swap returns an
// error, the old rules stay. The errors are those of [New].
func (a *Accelerator) Swap(rules ...Rule) error {
	t := new(table)
	names := make(map[string]int, len(rules))
	var places []destination.Place
	for i, r := range rules {
		if r.Name == "" {
			r.Name = r.Source
		}
		p, err := a.add(t, r)
		if err != nil {
			err.Index, err.Rule = i, r.Name
			return err
		}
		if r.Destination != "" {
			places = append(places, p)
		}
		if other, taken := names[r.Name]; taken {
			err := wrong("Name", "name is the same for the sources %q and %q; give each rule its own name", rules[other].Source, r.Source)
			err.Index, err.Rule = i, r.Name
			return err
		}
		names[r.Name] = i
	}
	if overlaps := destination.Check(places); len(overlaps) > 0 {
		inner := overlaps[0].Inner.Rule
		return &RuleError{Index: names[inner], Rule: inner, Field: "Destination", Err: overlaps[0]}
	}
	a.table.Store(t)
	return nil
}

// add adds r to t and returns the place where the proxy finds the files of r.
func (a *Accelerator) add(t *table, r Rule) (destination.Place, *RuleError) {
	none := destination.Place{}
	o, path, err := parseSource(r.Source)
	if err != nil {
		return none, wrong("Source", "source %q %w", r.Source, err)
	}
	p, err := a.proxyOf(&r)
	if err != nil {
		return none, wrong("Proxy", "%w", err)
	}
	made, unfit := r.make(p, o)
	if unfit != nil {
		return none, unfit
	}
	if other := t.add(o, path, made); other != nil {
		return none, wrong("Source", "source %q is already the source of rule %q (%q); want one rule for each source", r.Source, other.name, other.source)
	}
	return destination.Place{
		Rule: r.Name, Space: p.Field, Destination: r.Destination,
		Origin: o.scheme + "://" + o.host, Path: path, Alone: r.Signed != nil,
	}, nil
}

// proxyOf returns the proxy that the files of r are handed over to.
func (a *Accelerator) proxyOf(r *Rule) (*Proxy, error) {
	if r.Proxy == nil {
		return &a.proxy, nil
	}
	return r.Proxy, r.Proxy.check()
}

// Match returns the internal location for src. ok reports whether src is handed
// over: a rule covers it, and the proxy's header field can carry its name. Rules
// match whole path segments: "/srv/media" covers "/srv/media/a" but not
// "/srv/media-private/a". If several rules cover src, the one with the longest
// source is used. A source with an empty or a dot segment, with a NUL or with a
// slash at its end matches no rule.
//
// The location is encoded for the proxy, ready for its header field. It is "" if
// the rule sends the client to a signed URL. Match does no I/O.
func (a *Accelerator) Match(src downloadview.Source) (location string, ok bool) {
	r, rest := a.table.Load().find(src)
	if r == nil {
		return "", false
	}
	return r.location(rest)
}

// Offload returns how to hand src over, and reports whether a rule covers src, as
// [downloadview.Offloader] says. If a rule covers src, but r doesn't come from the
// proxy or the header field can't carry the name, the Handover has no Field; the
// file is then streamed with the entity tag that the proxy would give it. Without
// [Options.From], Offload doesn't use r, which may then be nil.
func (a *Accelerator) Offload(r *http.Request, src downloadview.Source) (downloadview.Handover, bool) {
	rule, rest := a.table.Load().find(src)
	if rule == nil {
		return downloadview.Handover{}, false
	}
	h := downloadview.Handover{Rule: rule.name, Terms: &rule.terms}
	if a.from.excludes(r) {
		h.Obstacle = downloadview.NotTheProxy
		return h, true
	}
	value, ok := rule.location(rest)
	if !ok {
		h.Obstacle = downloadview.OddName
		return h, true
	}
	h.Field, h.Value, h.Link = rule.field, value, rule.link
	return h, true
}

// Middleware returns v with a as the Offloader of its responses. A response that
// already has an Offloader keeps it, so the innermost accelerator decides, and
// [downloadview.NeverOffload] opts out. Middleware is a [downloadview.Middleware]:
// use it for one view or, with [downloadview.Use], for all.
//
// The file that is handed over is that of the final response, after all middleware
// outside of this one.
func (a *Accelerator) Middleware(v downloadview.View) downloadview.View {
	return downloadview.ViewFunc(func(r *http.Request) (resp downloadview.Response, err error) {
		resp, err = v.Respond(r)
		if err == nil && resp.Offloader == nil {
			resp.Offloader = a
		}
		return resp, err
	})
}

var (
	_ downloadview.Offloader  = (*Accelerator)(nil)
	_ downloadview.Middleware = (*Accelerator)(nil).Middleware
)
