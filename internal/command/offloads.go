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

// offloads hands files over by the proxies and rules of a configuration file, which may
// be replaced while requests are served. If several proxies have a rule for a file, the
// first one decides that the request may come from.
type offloads struct {
	accelerators atomic.Pointer[[]*accel.Accelerator]
}

// Offload returns the Handover of the first accelerator that hands src over. If none
// does, it returns that of the first accelerator with a rule for src, so that the
// entity tag stays the same.
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

// Nearest returns the rule that is nearest to src, of all accelerators.
func (o *offloads) Nearest(src downloadview.Source) (name, source string, shared int) {
	shared = -1
	for _, a := range *o.accelerators.Load() {
		if n, s, more := a.Nearest(src); more > shared {
			name, source, shared = n, s, more
		}
	}
	return name, source, shared
}

// swap replaces the proxies and rules by those of c. If there is an error, which is
// [config.Errors], it changes nothing.
func (o *offloads) swap(c *config.Config) error {
	accelerators, err := accelerate(c)
	if err == nil {
		o.accelerators.Store(&accelerators)
	}
	return err
}

// accelerate makes an accelerator for each proxy of c, and one without a proxy for
// rules that redirect clients to a store. All accelerators have the latter rules too,
// so that the longest source wins.
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
			return accel.Nginx() // any will do: redirects don't depend on the proxy
		}
		return fronts[name].Accel()
	}
	if wrong != nil {
		return nil, wrong
	}
	buckets := mountedBuckets(c)
	for _, r := range c.Rules {
		rule := r.Rule.Rule
		_, err := accel.New(proxyOf(r.Proxy), []accel.Rule{rule}, nil)
		if e, ok := errors.AsType[*accel.RuleError](err); ok {
			err = e.Err // the key names the rule
		} else if err == nil {
			err = checkRule(c, buckets, &rule, fronts[r.Proxy])
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
