package nginx

import (
	_ "embed"
	"errors"
	"fmt"
	"io"
	"net"
	"path"
	"slices"
	"strings"
	"time"

	"github.com/downloadview/downloadview/internal/proxies/site"
)

//go:embed nginx.tmpl
var text string

//go:embed links.tmpl
var linksText string

var texts = site.Template(text+linksText+ledgerText+tierText+slicesText, word)

// conf has a Site's values in the form for nginx's configuration.
type conf struct {
	site.Site
	Listen6      string // all IPv6 addresses; "" if Listen is a single address
	Address      string // of the application
	Pass         string // the URL that requests are passed on to
	OpenFor      string // how long files stay open; "" if they don't
	Locations    []location
	Caches       []cache
	Signed       bool // whether a location fetches by signed URLs
	Sliced       bool // whether one does so in pieces
	Links        []signed
	Turns        []turn   // of paths behind a token
	Root         bool     // whether nginx itself answers at "/", or at the base path
	Log          string   // for the ledger, in the form of access_log
	Applications []string // more of them
	Nodes        []string // where the edge finds the cache nodes
	Self         string   // where nginx asks itself for pieces
	SelfHost     string   // of a cache node
	SelfFolder   string   // of the socket, if this is no cache node
}

// location is an internal location.
type location struct {
	conf
	site.Rule
	Title     string
	Location  string
	Directory string
	Cache     *cache
	Fetches   bool // by signed URLs
	ByNodes   bool // from cache nodes
	Printed   printed
}

// cache keeps answers of a store.
type cache struct {
	Name   string
	Folder string
	Keys   int64 // memory for the names of objects, in MiB
	Size   int64
	Staged int64 // for pieces on their way into it; 0: there are no pieces
}

func Print(w io.Writer, s site.Site, p site.Part) error {
	c, err := newConf(s, p)
	if err != nil {
		return err
	}
	return site.Write(w, texts, p, c)
}

func newConf(s site.Site, p site.Part) (conf, error) {
	var err error
	c := conf{Site: s}
	if strings.Contains(s.BasePath, "$") {
		return c, fmt.Errorf("base path %q has %q in it, which nginx reads as a variable; want one without it", s.BasePath, "$")
	}
	if s.OpenFiles%time.Second != 0 {
		return c, fmt.Errorf("open files for %v; want whole seconds for nginx", s.OpenFiles)
	}
	if s.OpenFiles > 0 {
		c.OpenFor = fmt.Sprintf("%ds", s.OpenFiles/time.Second)
	}
	if s.Listen == "" && p == site.Whole {
		return c, errors.New("listen is empty; want HOST:PORT")
	}
	if strings.HasPrefix(s.Listen, ":") {
		c.Listen, c.Listen6 = "*"+s.Listen, "[::]"+s.Listen
	}
	if c.Authorities == "" {
		c.Authorities = "/etc/ssl/certs/ca-certificates.crt"
	}
	c.Resolvers = slices.Clone(s.Resolvers)
	for i, r := range c.Resolvers {
		c.Resolvers[i], _ = site.Resolver(r) // Site.Check has found no error
	}
	if err := c.pass(p); err != nil {
		return c, err
	}
	if c.Log, err = ledgerLog(s.Ledger); err != nil {
		return c, err
	}
	if err := c.tier(p); err != nil {
		return c, err
	}
	for _, r := range s.Rules {
		if err := c.add(r); err != nil {
			return c, fmt.Errorf("rule %q: %w", r.Title(), err)
		}
	}
	if err := c.pieces(); err != nil {
		return c, err
	}
	if err := c.links(); err != nil {
		return c, err
	}
	if c.Log != "" && !c.Asks() {
		return c, fmt.Errorf("ledger %q would have no lines: nginx verifies all links itself, and the application, which gives each download its ID, is not asked", s.Ledger)
	}
	return c, nil
}

// pass sets the URL that requests are passed on to: an upstream group with one server,
// so that connections are kept open. A fragment can't have such a group.
func (s *conf) pass(p site.Part) error {
	a, err := s.Application()
	if err != nil {
		return err
	}
	s.Address = server(a)
	s.Pass = "http://downloadview"
	if p == site.Fragment && s.Tier == nil { // the fragment of an edge needs a group anyway
		s.Pass = "http://" + s.Address
		if strings.ContainsAny(a.Socket, "$:") {
			return fmt.Errorf("upstream %q has %q or %q in it, which have a meaning in nginx's proxy_pass; want a socket's path without them", s.Upstream, "$", ":")
		}
	}
	return nil
}

// server returns an address as it stands in a group of servers.
func server(a site.Address) string {
	if a.Socket != "" {
		return "unix:" + a.Socket
	}
	return net.JoinHostPort(a.Host, a.Port)
}

func (s *conf) add(r site.Rule) error {
	l := location{Rule: r, Fetches: r.Signed != nil, Title: r.Title(), Location: strings.TrimSuffix(r.Destination, "/") + "/"}
	if l.Location == "/" {
		return fmt.Errorf("destination %q is the application's own location; want an internal location such as %q", r.Destination, "/_media/")
	}
	if strings.ContainsAny(l.Location, "?#") || path.Clean(l.Location)+"/" != l.Location {
		return fmt.Errorf("destination %q has an empty or dot segment, ? or # in it; want a path such as %q", r.Destination, "/_media/")
	}
	if !l.Fetches {
		dir, err := r.Files()
		if err != nil {
			return err
		}
		l.Directory = dir + "/"
		if strings.Contains(dir, "$") {
			return fmt.Errorf("directory %q has %q in it, which nginx reads as a variable; want a directory without it", l.Directory, "$")
		}
	}
	for _, other := range s.Locations {
		if other.Location != l.Location {
			continue
		}
		if !l.Fetches && !other.Fetches && other.Directory == l.Directory {
			return nil // both rules use the one location
		}
		return fmt.Errorf("destination %q is that of rule %q already; want one for each", r.Destination, other.Title)
	}
	if l.Fetches {
		s.Signed = true
		s.Sliced = s.Sliced || r.Slice > 0
		if r.Cache > 0 && s.Tier != nil {
			if err := checkTierLocation(l.Location); err != nil {
				return err
			}
		}
		l.ByNodes = r.Cache > 0 && len(s.Nodes) > 0
		if r.Cache > 0 && s.Tier != nil {
			var err error
			if l.Printed, err = newPrinted(l); err != nil {
				return err
			}
		}
		if r.Cache > 0 && !l.ByNodes {
			s.Caches = append(s.Caches, newCache(s.Site, r, len(s.Caches)+1))
			l.Cache = &s.Caches[len(s.Caches)-1]
		}
	}
	l.conf = *s
	s.Locations = append(s.Locations, l)
	return nil
}

func newCache(s site.Site, r site.Rule, n int) cache {
	name := fmt.Sprintf("downloadview_%d", n)
	folder := s.Folder
	if folder == "" {
		folder = "/var/cache" // nginx creates a folder, but not those above it
	}
	// A MiB has room for about 8000 names.
	piece := r.Slice
	if piece == 0 {
		piece = 256 << 10
	}
	c := cache{
		Name:   name,
		Folder: path.Join(folder, name),
		Keys:   min(1+r.Cache/piece/8000, 512),
		Size:   r.Cache,
	}
	if r.Slice > 0 {
		c.Staged = max(r.Cache/8, 64*r.Slice)
	}
	return c
}

// Private returns the fields that the application sends under private names.
func (conf) Private() []string { return PrivateFields() }

// PrivateNames returns the names of all fields that are only for nginx.
func (s conf) PrivateNames() []string {
	names := []string{URLField, KeyField, CodingField, IDField}
	if s.Tier != nil {
		names = append(names, nodeField, tierField)
	}
	for _, f := range PrivateFields() {
		names = append(names, PrivatePrefix+f)
	}
	return names
}

// Dropped returns the fields that nginx drops.
func (conf) Dropped() []string { return DroppedFields() }

// Variable returns the name of a field in the form of nginx's variables.
func (conf) Variable(field string) string {
	return strings.ReplaceAll(strings.ToLower(field), "-", "_")
}

// Hidden returns the fields of a store's answer that are hidden from clients.
func (l location) Hidden() []string {
	hidden := slices.Concat([]string{"Content-Type", "Set-Cookie"}, PrivateFields(), DroppedFields(), l.PrivateNames(), actingFields, storeFields, metadataFields(l.Rule))
	seen := make(map[string]bool, len(hidden))
	return slices.DeleteFunc(hidden, func(name string) bool {
		name = strings.ToLower(name)
		again := seen[name]
		seen[name] = true
		return again
	})
}

// word writes s as one word of nginx's configuration. If the directive takes
// variables, a "$" in s still begins one.
func word(s string) (string, error) {
	if s != "" && !strings.ContainsFunc(s, func(r rune) bool { return r <= ' ' || strings.ContainsRune("\"'\\;{}#$", r) }) {
		return s, nil
	}
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(s) + `"`, nil
}
