package proxyconf

import (
	"errors"
	"fmt"
	"io"
	"net"
	"path"
	"slices"
	"strings"
	"time"
)

var nginxTexts = texts("nginx", nginxWord)

// nginxSite is a Site in the words of nginx's configuration.
type nginxSite struct {
	Site
	Listen6   string // every address of IPv6, "" where Listen is only one
	Address   string // of the application
	Pass      string // where requests go
	OpenFor   string
	Locations []nginxLocation
	Caches    []nginxCache
	Signed    bool // whether a location fetches by signed URLs
	Sliced    bool // whether one does so in pieces
}

// nginxLocation is an internal location.
type nginxLocation struct {
	nginxSite
	Rule
	Title     string
	Location  string
	Directory string
	Cache     *nginxCache
}

// nginxCache is where answers of a store are kept.
type nginxCache struct {
	Name   string
	Folder string
	Keys   int64 // room for their names, in MiB
	Size   int64
}

func printNginx(w io.Writer, s Site, p Part) error {
	site, err := newNginxSite(s, p)
	if err != nil {
		return err
	}
	return write(w, nginxTexts, p, site)
}

func newNginxSite(s Site, p Part) (nginxSite, error) {
	site := nginxSite{Site: s, OpenFor: "10s"}
	if s.OpenFiles%time.Second != 0 {
		return site, fmt.Errorf("open files for %v; nginx counts whole seconds", s.OpenFiles)
	}
	if s.OpenFiles > 0 {
		site.OpenFor = fmt.Sprintf("%ds", s.OpenFiles/time.Second)
	}
	if s.Listen == "" && p == Whole {
		return site, errors.New("listen is empty; want HOST:PORT")
	}
	if strings.HasPrefix(s.Listen, ":") {
		site.Listen, site.Listen6 = "*"+s.Listen, "[::]"+s.Listen
	}
	if site.Authorities == "" {
		site.Authorities = "/etc/ssl/certs/ca-certificates.crt"
	}
	site.Resolvers = slices.Clone(s.Resolvers)
	for i, r := range site.Resolvers {
		site.Resolvers[i], _ = resolver(r) // check has asked
	}
	if err := site.pass(p); err != nil {
		return site, err
	}
	for _, r := range s.Rules {
		if err := site.add(r); err != nil {
			return site, fmt.Errorf("rule %q: %w", r.name(), err)
		}
	}
	return site, nil
}

// pass says where requests go: to a group of one that keeps its connections,
// but in a fragment, where no group can be.
func (s *nginxSite) pass(p Part) error {
	a, err := s.upstream()
	if err != nil {
		return err
	}
	s.Address = net.JoinHostPort(a.host, a.port)
	if a.socket != "" {
		s.Address = "unix:" + a.socket
	}
	s.Pass = "http://downloadview"
	if p == Fragment {
		s.Pass = "http://" + s.Address
		if strings.ContainsAny(a.socket, "$:") {
			return fmt.Errorf("upstream %q has %q or %q in it, which nginx takes for its own in proxy_pass; want a socket without", s.Upstream, "$", ":")
		}
	}
	return nil
}

func (s *nginxSite) add(r Rule) error {
	l := nginxLocation{Rule: r, Title: r.name(), Location: strings.TrimSuffix(r.Destination, "/") + "/"}
	if l.Location == "/" {
		return fmt.Errorf("destination %q is where the application is; want an internal location such as %q", r.Destination, "/_media/")
	}
	if strings.ContainsAny(l.Location, "?#") || path.Clean(l.Location)+"/" != l.Location {
		return fmt.Errorf("destination %q is no path that nginx could look for; want one such as %q", r.Destination, "/_media/")
	}
	if r.Origin == nil {
		dir, err := r.directory()
		if err != nil {
			return err
		}
		l.Directory = dir + "/"
		if strings.Contains(dir, "$") {
			return fmt.Errorf("directory %q has %q in it, which nginx takes for a variable; want one without", l.Directory, "$")
		}
	}
	for _, other := range s.Locations {
		if other.Location != l.Location {
			continue
		}
		if r.Origin == nil && other.Origin == nil && other.Directory == l.Directory {
			return nil // one location is enough for both
		}
		return fmt.Errorf("destination %q is that of rule %q already; want one for each", r.Destination, other.Title)
	}
	if o := r.Origin; o != nil {
		s.Signed = true
		s.Sliced = s.Sliced || o.Slice > 0
		if o.Cache > 0 {
			s.Caches = append(s.Caches, newNginxCache(s.Site, *o, len(s.Caches)+1))
			l.Cache = &s.Caches[len(s.Caches)-1]
		}
	}
	l.nginxSite = *s
	s.Locations = append(s.Locations, l)
	return nil
}

func newNginxCache(s Site, o Origin, n int) nginxCache {
	name := fmt.Sprintf("downloadview_%d", n)
	folder := s.Folder
	if folder == "" {
		folder = "/var/cache" // nginx makes one folder, and not those above it
	}
	// A MiB has room for about 8000 names.
	piece := o.Slice
	if piece == 0 {
		piece = 256 << 10
	}
	return nginxCache{
		Name:   name,
		Folder: path.Join(folder, name),
		Keys:   min(1+o.Cache/piece/8000, 512),
		Size:   o.Cache,
	}
}

// Private returns the fields that come under private names.
func (nginxSite) Private() []string { return PrivateFields() }

// PrivateNames returns all fields that are for nginx alone.
func (nginxSite) PrivateNames() []string {
	names := []string{URLField, KeyField}
	for _, f := range PrivateFields() {
		names = append(names, PrivatePrefix+f)
	}
	return names
}

// Dropped returns the fields that nginx drops.
func (nginxSite) Dropped() []string { return DroppedFields() }

// Variable writes the name of a field as nginx's variables have it.
func (nginxSite) Variable(field string) string {
	return strings.ReplaceAll(strings.ToLower(field), "-", "_")
}

// Hidden returns the fields of a store's answer that no client sees.
func (l nginxLocation) Hidden() []string {
	hidden := slices.Concat([]string{"Content-Type", "Set-Cookie"}, PrivateFields(), DroppedFields(), l.PrivateNames(), actingFields, storeFields, l.Origin.Hide)
	seen := make(map[string]bool, len(hidden))
	return slices.DeleteFunc(hidden, func(name string) bool {
		name = strings.ToLower(name)
		again := seen[name]
		seen[name] = true
		return again
	})
}

// nginxWord writes s as one word of nginx's configuration. Where a directive
// takes variables, a "$" in s is one all the same.
func nginxWord(s string) (string, error) {
	if s != "" && !strings.ContainsFunc(s, func(r rune) bool { return r <= ' ' || strings.ContainsRune("\"'\\;{}#$", r) }) {
		return s, nil
	}
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(s) + `"`, nil
}
