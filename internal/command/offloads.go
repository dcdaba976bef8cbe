package command

import (
	"errors"
	"net/http"
	"sync/atomic"

	"github.com/downloadview/downloadview"
	"github.com/downloadview/downloadview/accel"
	"github.com/downloadview/downloadview/internal/config"
	"github.com/downloadview/downloadview/internal/proxies"
)

// offloads hands over by the proxies and rules of a file, which may be swapped
// while requests come in. Of several proxies with a rule for a file, the first
// decides that the request comes from.
type offloads struct {
	accelerators atomic.Pointer[[]*accel.Accelerator]
}

// Offload is that of the first accelerator that hands src over. Where none
// does, the file has the tag that the first with a rule for it would give.
func (o *offloads) Offload(r *http.Request, src downloadview.Source) (downloadview.Handover, bool) {
	var covered downloadview.Handover
	var ok bool
	for _, a := range *o.accelerators.Load() {
		h, covers := a.Offload(r, src)
		switch {
		case covers && h.Field != "":
			return h, true
		case covers && !ok:
			covered, ok = h, true
		}
	}
	return covered, ok
}

// Nearest is that of the accelerator with the rule that is nearest to src.
func (o *offloads) Nearest(src downloadview.Source) (name, source string, shared int) {
	shared = -1
	for _, a := range *o.accelerators.Load() {
		if n, s, more := a.Nearest(src); more > shared {
			name, source, shared = n, s, more
		}
	}
	return name, source, shared
}

// swap puts the proxies and rules of c in place of those there are. With an
// error, which is [config.Errors], these stay.
func (o *offloads) swap(c *config.Config) error {
	accelerators, err := accelerate(c)
	if err == nil {
		o.accelerators.Store(&accelerators)
	}
	return err
}

// accelerate makes an accelerator for each proxy of c, and one without a proxy
// for rules that send clients to a store. Such rules are in all of them, so
// that the longest source wins.
func accelerate(c *config.Config) ([]*accel.Accelerator, error) {
	var wrong config.Errors
	rules := make(map[string][]accel.Rule) // by proxy
	fronts := make(map[string]proxies.Proxy)
	for _, p := range c.Proxies {
		front, err := proxies.Find(p.Type())
		if err != nil {
			wrong = append(wrong, &config.Error{File: c.File, Line: p.Line, Key: "proxies." + p.Name, Err: err})
		}
		fronts[p.Name] = front
	}
	proxyOf := func(name string) accel.Proxy {
		if name == "" {
			return accel.Nginx() // which hears nothing of redirects
		}
		return fronts[name].Accel()
	}
	if wrong != nil {
		return nil, wrong
	}
	for _, r := range c.Rules {
		rule := r.Rule.Rule
		_, err := accel.New(proxyOf(r.Proxy), []accel.Rule{rule}, nil)
		if e, ok := errors.AsType[*accel.RuleError](err); ok {
			err = e.Err // the key names the rule
		} else if err == nil {
			err = checkRule(c, &rule, fronts[r.Proxy])
		}
		if err != nil {
			wrong = append(wrong, &config.Error{File: c.File, Line: r.Line, Key: "rules." + r.Name, Err: err})
		}
		rules[r.Proxy] = append(rules[r.Proxy], rule)
	}
	if wrong == nil {
		wrong = checkDestinations(c, fronts)
	}
	if wrong != nil {
		return nil, wrong
	}

	var accelerators []*accel.Accelerator
	add := func(proxy, key string, line int, from ...string) {
		var origin accel.From
		var err error
		if len(from) > 0 {
			origin, err = accel.ParseFrom(from...)
		}
		if err == nil {
			all := rules[proxy]
			if proxy != "" {
				all = append(all, rules[""]...)
			}
			var a *accel.Accelerator
			a, err = accel.New(proxyOf(proxy), all, &accel.Options{From: origin})
			accelerators = append(accelerators, a)
		}
		if err != nil {
			wrong = append(wrong, &config.Error{File: c.File, Line: line, Key: key, Err: err})
		}
	}
	for _, p := range c.Proxies {
		add(p.Name, "proxies."+p.Name, p.Line, p.From...)
	}
	if len(rules[""]) > 0 {
		add("", "rules", c.Rules[0].Line)
	}
	if wrong != nil {
		return nil, wrong
	}
	return accelerators, nil
}

var _ downloadview.Offloader = (*offloads)(nil)
