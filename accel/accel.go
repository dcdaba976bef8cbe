package accel

import (
	"fmt"
	"net/http"
	"sync/atomic"

	"github.com/downloadview/downloadview"
	"github.com/downloadview/downloadview/internal/destination"
)

// An Accelerator hands files over to a proxy by rules. Several goroutines may
// use it, and it does no I/O.
type Accelerator struct {
	proxy Proxy
	from  From
	table atomic.Pointer[table]
}

// Options are what an [Accelerator] may have beside its rules.
type Options struct {
	// From says which requests come through the proxy. Others are streamed, so
	// that an application that can be reached without its proxy doesn't show
	// internal locations and signed URLs. The zero value takes every request for
	// one from the proxy.
	From From
}

// New returns an accelerator for p by rules, whose order means nothing. Without
// rules it hands nothing over. nil options mean the zero value.
//
// What is wrong with a rule is a [*RuleError], of the first that is wrong: a
// source or destination that is not of the form that [Rule] and the proxy ask
// for, a name or source that another rule has already, or a destination that
// lies inside another rule's, as [Rule.Destination] says. A p that is not complete
// is another error.
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

// Swap puts rules in place of those that a has, while it is in use: requests see
// either all of the old rules or all of the new ones. With an error, which is
// one of [New], the old ones stay.
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
			err := wrong("Name", "name of the rules for %q and for %q; want a name for each", rules[other].Source, r.Source)
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

// add puts r into t and returns where its files are for the proxy.
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
		return none, wrong("Source", "source %q is that of rule %q already (%q); want one rule for each", r.Source, other.name, other.source)
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

// Match returns the internal location for src, and whether src is handed over
// at all: a rule covers it, and the proxy can be told. Prefixes end at a path
// segment: "/srv/media" covers "/srv/media/a" but not "/srv/media-private/a".
// The longest prefix wins. A source with an empty or a dot segment, with NUL or
// with a slash at its end matches no rule.
//
// The location is encoded for the proxy, ready for its header field; it is ""
// for rules that send the client to a signed URL. Match does no I/O.
func (a *Accelerator) Match(src downloadview.Source) (location string, ok bool) {
	r, rest := a.table.Load().find(src)
	if r == nil {
		return "", false
	}
	return r.location(rest)
}

// Offload returns how to hand src over, and whether a rule covers it, as
// [downloadview.Offloader] says. Where one does but the proxy can't be told, or r
// doesn't come from it, the Handover has no Field, and the file is streamed with
// the tag that the proxy would give it. Without [Options.From], r is not looked
// at and may be nil.
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

// Middleware returns v with a as the Offloader of its responses. A response
// that has one already keeps it, so the innermost accelerator decides, and
// [downloadview.NeverOffload] opts out. It is a [downloadview.Middleware], for one
// view or, by [downloadview.Use], for all.
//
// What is handed over is the file that the response holds in the end, when the
// middleware outside has had its say too.
func (a *Accelerator) Middleware(v downloadview.View) downloadview.View {
	return downloadview.ViewFunc(func(r *http.Request) (downloadview.Response, error) {
		resp, err := v.Respond(r)
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
