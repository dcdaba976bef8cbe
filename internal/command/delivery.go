package command

import (
	"cmp"
	"slices"
	"strings"

	"github.com/downloadview/downloadview"
	"github.com/downloadview/downloadview/internal/config"
)

// A delivery has the settings for sending files, which are the same for all storages.
type delivery struct {
	look      bool  // at a file before it is handed over
	rate      int64 // bytes per second; 0: no limit
	types     downloadview.Types
	offloader downloadview.Offloader // nil: every file is streamed
}

// delivery returns the settings of the flags and of c. With rules from the file, the
// offloader is an *offloads.
func (s *serve) delivery(c *config.Config) (delivery, error) {
	types, err := readTypes(c)
	if err != nil {
		return delivery{}, err
	}
	d := delivery{look: !c.Blind, rate: int64(s.LimitRate), types: types}
	a, err := s.accelerator(c)
	switch {
	case err != nil:
		return d, err
	case a != nil:
		d.offloader = a
	case s.Config != "":
		rules := new(offloads)
		err = rules.swap(c)
		d.offloader = rules
	}
	if s.Blind && a == nil && len(c.Rules) == 0 {
		return d, usageErrorf("--blind has no effect without --accel; want --accel with nginx, and a --rule")
	}
	return d, err
}

// deliveryFor is delivery for requests from a proxy: the one of c with this name, or
// any if it is "". It removes the other proxies from c, and treats every request as the
// proxy's.
func (s *serve) deliveryFor(c *config.Config, proxy string) (delivery, error) {
	if _, err := s.from(); err != nil {
		return delivery{}, err
	}
	if err := keepProxy(c, proxy); err != nil {
		return delivery{}, err
	}
	for i := range c.Proxies {
		c.Proxies[i].From = nil
	}
	anywhere := *s
	if s.Accel != "" {
		anywhere.AccelFrom = nil
	}
	return anywhere.delivery(c)
}

// keepProxy removes from c the proxies with another name, and their rules.
func keepProxy(c *config.Config, name string) error {
	if name == "" {
		return nil
	}
	var names []string
	for _, p := range c.Proxies {
		names = append(names, p.Name)
	}
	switch {
	case c.File == "":
		return usageErrorf("--proxy %q has no effect without --config; want both", name)
	case len(names) == 0:
		return usageErrorf("--proxy %q: --config %s has no proxies; want such as \"proxies: {%[1]s: nginx}\"", name, c.File)
	case !slices.Contains(names, name):
		return usageErrorf("--config %s has no proxy %q; want one of %s", c.File, name, strings.Join(names, ", "))
	}
	c.Proxies = slices.DeleteFunc(c.Proxies, func(p config.Proxy) bool { return p.Name != name })
	c.Rules = slices.DeleteFunc(c.Rules, func(r config.Rule) bool { return r.Proxy != "" && r.Proxy != name })
	return nil
}

// view returns a view of the storage below the path of m.
func (d *delivery) view(m *config.Mount, storage downloadview.Storage) downloadview.StorageView {
	resp := downloadview.Response{
		CacheControl: m.CacheControl,
		LimitRate:    cmp.Or(d.rate, m.LimitRate),
		Types:        d.types,
		CheckFirst:   d.look,
		Offloader:    d.offloader,
	}
	if m.Inline {
		resp.Disposition = downloadview.InlineActive
	}
	if _, ok := storage.(*bucket); ok {
		resp.StoredFields = d.stored(m)
	}
	return downloadview.StorageView{Storage: storage, Key: keysOf(m, storage).key, Response: resp}
}

// stored returns the fields of an object's stored metadata that are sent. They need a
// request for the metadata. With --blind that is made only for a mount with Stored.
func (d *delivery) stored(m *config.Mount) downloadview.StoredFields {
	var s downloadview.StoredFields
	if d.look || d.offloader == nil {
		s = downloadview.StoredName | downloadview.StoredDigest
	}
	if m.Stored {
		s |= downloadview.StoredCacheControl
	}
	return s
}

// mountOf returns the mount that answers requests for the path of a URL.
func mountOf(c *config.Config, path string) (*config.Mount, bool) {
	all := make([]*config.Mount, len(c.Mounts))
	places := make([]mountPath, len(c.Mounts))
	for i := range c.Mounts {
		all[i] = &c.Mounts[i]
		places[i] = mountPath{all[i].Path, isDirectory(c, all[i].Storage)}
	}
	if i := mountFor(places, path); i >= 0 {
		return all[i], true
	}
	return nil, false
}

// isDirectory reports whether the storage called name is a directory, not a URL.
func isDirectory(c *config.Config, name string) bool {
	for _, s := range c.Storages {
		if s.Name == name {
			return !hasScheme.MatchString(s.URL)
		}
	}
	return false
}
