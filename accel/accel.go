package accel

import (
	"fmt"
	"net/http"

	"github.com/downloadview/downloadview"
)

// An Accelerator hands files over to one proxy by rules. Several goroutines may
// use it, and it does no I/O.
type Accelerator struct {
	proxy Proxy
	table table
}

// New returns an accelerator for p by rules, whose order means nothing. Without
// rules it hands nothing over.
//
// The error names the first rule that is wrong and what would be right: a
// source or destination that is not of the form that [Rule] and p ask for, or a
// name or source that another rule has already.
func New(p Proxy, rules ...Rule) (*Accelerator, error) {
	if err := p.check(); err != nil {
		return nil, err
	}
	a := &Accelerator{proxy: p}
	names := make(map[string]string, len(rules))
	for _, r := range rules {
		if r.Name == "" {
			r.Name = r.Source
		}
		if err := a.add(r); err != nil {
			return nil, fmt.Errorf("accel: rule %q: %w", r.Name, err)
		}
		if other, taken := names[r.Name]; taken {
			return nil, fmt.Errorf("accel: rule %q: name of the rules for %q and for %q; want a name for each", r.Name, other, r.Source)
		}
		names[r.Name] = r.Source
	}
	return a, nil
}

func (a *Accelerator) add(r Rule) error {
	o, path, err := parseSource(r.Source)
	if err != nil {
		return fmt.Errorf("source %q %w", r.Source, err)
	}
	destination, err := a.proxy.Destination(r.Destination)
	if err != nil {
		return fmt.Errorf("destination %q %w", r.Destination, err)
	}
	other := a.table.add(o, path, &rule{r.Name, r.Source, destination, r.KeepsSafety})
	if other != nil {
		return fmt.Errorf("source %q is that of rule %q already (%q); want one rule for each", r.Source, other.name, other.source)
	}
	return nil
}

// Match returns the internal location for src, and whether src is handed over
// at all: a rule covers it, and the proxy can be told. Prefixes end at a path
// segment: "/srv/media" covers "/srv/media/a" but not "/srv/media-private/a".
// The longest prefix wins. A source with an empty or a dot segment, with NUL or
// with a slash at its end matches no rule.
//
// The location is encoded for the proxy, ready for its header field. Match does
// no I/O.
func (a *Accelerator) Match(src downloadview.Source) (location string, ok bool) {
	r, rest := a.table.find(src)
	if r == nil {
		return "", false
	}
	return a.proxy.Encode(r.destination, rest)
}

// Offload returns how to hand src over, and whether a rule covers it, as
// [downloadview.Offloader] says. Where one does but the proxy can't be told, the
// Handover has no Field, and the file is streamed with the tag that the proxy
// would give it. r is not looked at and may be nil.
func (a *Accelerator) Offload(_ *http.Request, src downloadview.Source) (downloadview.Handover, bool) {
	r, rest := a.table.find(src)
	if r == nil {
		return downloadview.Handover{}, false
	}
	h := downloadview.Handover{
		Rule:        r.name,
		Validators:  a.proxy.Validators,
		KeepsSafety: r.keepsSafety,
	}
	if src.Scheme == local.scheme {
		h.Tag = a.proxy.Tag
	}
	if value, ok := a.proxy.Encode(r.destination, rest); ok {
		h.Field, h.Value = a.proxy.Field, value
	}
	return h, true
}

// Middleware returns v with a as the Offloader of its responses. A response
// that has one already keeps it, so the innermost accelerator decides, and
// [downloadview.Stream] opts out. It is a [downloadview.Middleware], for one
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
