package command

import (
	"slices"
	"strings"

	"github.com/downloadview/downloadview"
	"github.com/downloadview/downloadview/internal/config"
)

// A delivery is how all files are sent, whichever storage they are in.
type delivery struct {
	look      bool // before a file is handed over
	rate      int64
	types     downloadview.Types
	offloader downloadview.Offloader // nil streams
}

// delivery is what the flags or the rules of the file, which *offloads then
// hold, say.
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
		return d, usageErrorf("--blind says nothing without --accel; want --accel with nginx, and a --rule")
	}
	return d, err
}

// deliveryFor is delivery for requests that come from a proxy: that of the file
// with this name, or any where it is "". c has the others no more.
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

// keepProxy takes the proxies from c that have another name, and their rules.
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
		return usageErrorf("--proxy %q says nothing without --config", name)
	case len(names) == 0:
		return usageErrorf("--proxy %q, and --config %s has no proxies", name, c.File)
	case !slices.Contains(names, name):
		return usageErrorf("--config %s has no proxy %q; want one of %s", c.File, name, strings.Join(names, ", "))
	}
	c.Proxies = slices.DeleteFunc(c.Proxies, func(p config.Proxy) bool { return p.Name != name })
	c.Rules = slices.DeleteFunc(c.Rules, func(r config.Rule) bool { return r.Proxy != "" && r.Proxy != name })
	return nil
}

// view has the keys of the storage below the path of m.
func (d *delivery) view(m *config.Mount, storage downloadview.Storage) downloadview.StorageView {
	resp := downloadview.Response{
		CacheControl: m.CacheControl,
		LimitRate:    d.rate,
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

// stored says what of a bucket's own description of an object is passed on. It
// takes a look, which is not had --blind unless somebody asks for it.
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

// mountOf returns the mount that answers for the path of a URL.
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

// isDirectory tells whether the storage called name is given as a directory.
func isDirectory(c *config.Config, name string) bool {
	for _, s := range c.Storages {
		if s.Name == name {
			return !hasScheme.MatchString(s.URL)
		}
	}
	return false
}
