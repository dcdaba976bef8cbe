package command

import (
	"cmp"
	"fmt"
	"log/slog"
	"net/netip"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/downloadview/downloadview/accel"
	"github.com/downloadview/downloadview/internal/config"
	"github.com/downloadview/downloadview/internal/destination"
	"github.com/downloadview/downloadview/internal/proxies"
)

// checkRule tells what is wrong with a rule for a proxy beside the mounts and the
// storages of c. The zero Proxy is that of rules that no proxy hears of.
func checkRule(c *config.Config, r *accel.Rule, p proxies.Proxy) error {
	if err := checkMounts(c.Mounts, r, p); err != nil {
		return err
	}
	return checkStores(c, r)
}

// checkMounts refuses a destination that the proxy would have in place of what the
// application serves, where an internal location is 404 to clients.
func checkMounts(mounts []config.Mount, r *accel.Rule, p proxies.Proxy) error {
	if !p.HidesLocations || r.Destination == "" {
		return nil
	}
	location := strings.TrimSuffix(r.Destination, "/") + "/"
	for _, m := range mounts {
		if strings.HasPrefix(strings.ToLower(m.Path), strings.ToLower(location)) {
			return fmt.Errorf("destination %q covers the mount %q, and %s would answer 404 to all requests for its files; want a destination where nothing is mounted, such as %q",
				r.Destination, m.Path, p.Title, "/_media/")
		}
	}
	return nil
}

// checkStores refuses a rule for buckets of the same name in several stores: by
// the name alone the proxy would send the file of one for that of another. A
// signed URL is that of its store, but for one with a host put in its place. It is
// not that of its credentials: the URLs of those who may read more would be handed
// over for those who may read less.
func checkStores(c *config.Config, r *accel.Rule) error {
	origin, path := destination.Split(r.Source)
	if origin == destination.Local {
		return nil
	}
	byName := r.Signed == nil || r.Signed.Base != ""
	var all []bucketURL
	for i := range c.Storages {
		s := &c.Storages[i]
		if !slices.ContainsFunc(c.Mounts, func(m config.Mount) bool { return m.Storage == s.Name }) {
			continue
		}
		b, ok := parseBucket(s)
		if !ok || b.origin != origin || path != "" && !strings.HasPrefix(b.prefix, path) && !strings.HasPrefix(path, b.prefix) {
			continue
		}
		for _, other := range all {
			switch {
			case byName && (b.store != other.store || b.reader != other.reader):
				return fmt.Errorf("source %q covers the storages %q and %q, buckets of the same name that may be in different stores, which a proxy can't tell apart by name; want signed URLs without a base, or no rule for them",
					r.Source, other.name, b.name)
			case b.store == other.store && b.reader != other.reader:
				return fmt.Errorf("source %q covers the storages %q and %q, one bucket that is read by different credentials, and a signed URL of one would be handed over for the other; want one storage, or no rule for them",
					r.Source, other.name, b.name)
			}
		}
		all = append(all, b)
	}
	return nil
}

// A bucketURL is the URL of a storage, taken apart.
type bucketURL struct {
	name, origin, prefix string
	store                string // the parameters that say where it is
	reader               string // those that say by whose credentials it is read
}

func parseBucket(s *config.Storage) (bucketURL, bool) {
	u, err := config.ParseURL(s.URL)
	if err != nil || !hasScheme.MatchString(s.URL) {
		return bucketURL{}, false
	}
	q, reader := u.Query(), url.Values{}
	b := bucketURL{name: s.Name, origin: u.Scheme + "://" + u.Host, prefix: q.Get("prefix") + q.Get("key")}
	for _, name := range []string{"profile", "role", "anonymous", "access_id", "requester_pays", "user_project"} {
		if q.Has(name) {
			reader[name] = q[name]
			q.Del(name)
		}
	}
	for _, name := range []string{ // of which neither depends
		"prefix", "key", "sign_endpoint", "use_path_style", "s3ForcePathStyle", "hostname_immutable", "accelerate", "rate_limiter_capacity",
		"request_checksum_calculation", "response_checksum_validation", "ssetype", "kmskeyid", "awssdk",
	} {
		q.Del(name)
	}
	b.store, b.reader = q.Encode(), reader.Encode()
	return b, true
}

// checkDestinations finds rules of the file by which a proxy would send the file
// of another rule. Two proxies that take the same header field, from the same
// requests, count as one. The errors are by rule.
func checkDestinations(c *config.Config, fronts map[string]proxies.Proxy) config.Errors {
	var wrong config.Errors
	told := make(map[string]bool)
	tell := func(id string, err error) {
		if told[id] {
			return
		}
		told[id] = true
		i := slices.IndexFunc(c.Rules, func(r config.Rule) bool { return r.Name == id })
		wrong = append(wrong, &config.Error{File: c.File, Line: c.Rules[i].Line, Key: "rules." + id, Err: err})
	}
	for i := range c.Proxies {
		p := &c.Proxies[i]
		var places []destination.Place
		signed := make(map[string]string)
		for j := range c.Rules {
			r := &c.Rules[j]
			if r.Destination == "" || !sharesRequests(c, p, r.Proxy, fronts) {
				continue
			}
			place := placeOf(r)
			places = append(places, place)
			if !place.Alone {
				continue
			}
			location := strings.ToLower(strings.TrimSuffix(r.Destination, "/"))
			if other, taken := signed[location]; taken {
				tell(r.Name, fmt.Errorf("destination %q is that of rule %q already; want one for each", r.Destination, other))
			}
			signed[location] = r.Name
		}
		for _, o := range destination.Check(places) {
			tell(o.Inner.Rule, o)
		}
	}
	slices.SortFunc(wrong, func(a, b *config.Error) int { return cmp.Compare(a.Line, b.Line) })
	return wrong
}

func placeOf(r *config.Rule) destination.Place {
	p := destination.Place{Rule: r.Name, Destination: r.Destination, Directory: r.Directory, Alone: r.Signed != nil}
	p.Origin, p.Path = destination.Split(filepath.ToSlash(r.Source))
	return p
}

// sharesRequests tells whether what the proxy called name is told may be read by
// p: it is p, or takes the same field and one request may count as from both.
func sharesRequests(c *config.Config, p *config.Proxy, name string, fronts map[string]proxies.Proxy) bool {
	if name == p.Name {
		return true
	}
	i := slices.IndexFunc(c.Proxies, func(other config.Proxy) bool { return other.Name == name })
	return i >= 0 && fronts[name].Accel().Field == fronts[p.Name].Accel().Field && meet(p.From, c.Proxies[i].From)
}

// meet tells whether a request may come from one of a and one of b. Nothing is
// everywhere.
func meet(a, b []string) bool {
	if len(a) == 0 || len(b) == 0 {
		return true
	}
	for _, x := range a {
		for _, y := range b {
			if x == y || network(x).Overlaps(network(y)) {
				return true
			}
		}
	}
	return false
}

// network reads an address or a network; "unix" is none, which overlaps nothing.
func network(s string) netip.Prefix {
	if p, err := netip.ParsePrefix(s); err == nil {
		return p
	}
	addr, err := netip.ParseAddr(s)
	if err != nil {
		return netip.Prefix{}
	}
	addr = addr.Unmap()
	return netip.PrefixFrom(addr, addr.BitLen())
}

// shadowed returns the folders of c's local storages that the proxy, by the rule,
// has an internal location for: what is in them is 404 through the proxy.
func shadowed(c *config.Config, r *accel.Rule, p proxies.Proxy) []string {
	if !p.HidesLocations || r.Destination == "" {
		return nil
	}
	var folders []string
	for _, m := range c.Mounts {
		below, ok := strings.CutPrefix(strings.TrimSuffix(r.Destination, "/")+"/", m.Path)
		i := slices.IndexFunc(c.Storages, func(s config.Storage) bool { return s.Name == m.Storage })
		if !ok || i < 0 || hasScheme.MatchString(c.Storages[i].URL) {
			continue
		}
		folder := filepath.Join(c.Storages[i].URL, filepath.FromSlash(below))
		if _, err := os.Lstat(folder); err == nil {
			folders = append(folders, folder)
		}
	}
	return folders
}

// warnShadowed logs what is in the way of c's files.
func (s *serve) warnShadowed(c *config.Config, logger *slog.Logger) {
	warn := func(r *accel.Rule, server string) {
		p, err := proxies.Find(server)
		if err != nil {
			return // a rule that sends clients to a store
		}
		for _, folder := range shadowed(c, r, p) {
			logger.Warn(p.Title+" answers 404 to requests for what is in this folder, since a rule's destination has its path; another destination is better",
				"folder", folder, "destination", r.Destination)
		}
	}
	if rules, err := s.rules(); err == nil && s.Accel != "" {
		for i := range rules {
			warn(&rules[i], s.Accel)
		}
	}
	servers := make(map[string]string)
	for _, p := range c.Proxies {
		servers[p.Name] = p.Server
	}
	for i := range c.Rules {
		warn(&c.Rules[i].Rule.Rule, servers[c.Rules[i].Proxy])
	}
}
