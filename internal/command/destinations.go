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

// checkRule checks a rule for p against the mounts and the buckets of c, which mountedBuckets
// returns. p is the zero Proxy for rules that redirect clients to a store.
func checkRule(c *config.Config, buckets []bucketURL, r *accel.Rule, p proxies.Proxy) error {
	if err := checkMounts(c.Mounts, r, p); err != nil {
		return err
	}
	return checkStores(buckets, r)
}

// checkMounts refuses a destination that covers a mount, if the proxy answers requests
// from clients for an internal location with 404: the mount couldn't be reached.
func checkMounts(mounts []config.Mount, r *accel.Rule, p proxies.Proxy) error {
	if !p.HidesLocations || r.Destination == "" {
		return nil
	}
	location := strings.ToLower(strings.TrimSuffix(r.Destination, "/") + "/")
	for _, m := range mounts {
		if strings.HasPrefix(strings.ToLower(m.Path), location) {
			return fmt.Errorf("destination %q covers the mount %q, and %s would answer 404 to all requests for its files; want a destination where nothing is mounted, such as %q",
				r.Destination, m.Path, p.Title, "/_media/")
		}
	}
	return nil
}

// checkStores refuses a rule for two storages with buckets of the same name. If the
// buckets are in different stores, the proxy would send a file of one for a file of the
// other, because it knows only the name. A signed URL avoids that, unless Base replaces
// its host. If it is one bucket with two sets of credentials, a URL that is signed with
// the wider permissions would be handed over for files that the other may not read.
func checkStores(buckets []bucketURL, r *accel.Rule) error {
	origin, path := destination.Split(r.Source)
	if origin == destination.Local {
		return nil
	}
	byName := r.Signed == nil || r.Signed.Base != ""
	var all []bucketURL
	for _, b := range buckets {
		if b.origin != origin || !meets(path, b.prefix) {
			continue
		}
		for _, other := range all {
			switch {
			case b.point != other.point && r.Signed != nil && r.Signed.Base != "":
				return fmt.Errorf("source %q covers the storages %q and %q, access points that have each a host of its own, which the base replaces; want signed URLs without a base, or a rule for each access point",
					r.Source, other.name, b.name)
			case b.point != other.point: // its files have other hosts, and other paths below the destination
			case byName && (b.store != other.store || b.reader != other.reader):
				return fmt.Errorf("source %q covers the storages %q and %q, buckets of the same name that may be in different stores, which a proxy can't tell apart by name; want signed URLs without a base, or no rule for them",
					r.Source, other.name, b.name)
			case b.store == other.store && b.reader != other.reader:
				return fmt.Errorf("source %q covers the storages %q and %q, one bucket that is read with different credentials, so that a signed URL of one would be handed over for the other; want one storage, or no rule for them",
					r.Source, other.name, b.name)
			}
		}
		all = append(all, b)
	}
	return nil
}

// A bucketURL has the parts of a storage's URL. As in the source of a rule, the origin
// ends at the first slash, also at one in the ARN of an access point. What follows is the
// beginning of the prefix.
type bucketURL struct {
	name, origin, prefix string
	point                string // the part of an ARN that is in prefix
	store                string // the parameters that select the store
	reader               string // the parameters that select the credentials
}

// mountedBuckets returns the buckets of c that are mounted. They are parsed once, and not for
// each rule: there may be a thousand of both.
func mountedBuckets(c *config.Config) []bucketURL {
	mounted := mountedStorages(c)
	var all []bucketURL
	for i := range c.Storages {
		s := &c.Storages[i]
		if b, ok := parseBucket(s); ok && mounted[s.Name] {
			all = append(all, b)
		}
	}
	return all
}

// mountedStorages returns the names of the storages that are mounted.
func mountedStorages(c *config.Config) map[string]bool {
	mounted := make(map[string]bool, len(c.Mounts))
	for i := range c.Mounts {
		mounted[c.Mounts[i].Storage] = true
	}
	return mounted
}

func parseBucket(s *config.Storage) (bucketURL, bool) {
	u, err := config.ParseURL(s.URL)
	if err != nil || !hasScheme.MatchString(s.URL) {
		return bucketURL{}, false
	}
	q, reader := u.Query(), url.Values{}
	b := bucketURL{name: s.Name, prefix: q.Get("prefix") + q.Get("key")}
	host, point, ok := strings.Cut(u.Host, "/")
	if b.origin, b.point = u.Scheme+"://"+host, point; ok {
		b.prefix = point + "/" + b.prefix
	}
	for _, name := range []string{"profile", "role", "anonymous", "access_id", "requester_pays", "user_project"} {
		if q.Has(name) {
			reader[name] = q[name]
			q.Del(name)
		}
	}
	for _, name := range []string{ // parameters that select neither
		"prefix", "key", "sign_endpoint", "use_path_style", "s3ForcePathStyle", "hostname_immutable", "accelerate", "rate_limiter_capacity",
		"request_checksum_calculation", "response_checksum_validation", "ssetype", "kmskeyid", "awssdk",
	} {
		q.Del(name)
	}
	b.store, b.reader = q.Encode(), reader.Encode()
	return b, true
}

// checkDestinations finds rules of the file by which a proxy would send a file of
// another rule. Two proxies count as one if they read the same header field and may
// get the same request. There is at most one error for each rule.
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

// sharesRequests reports whether p may act on a header field that is meant for the
// proxy called name: p is that proxy, or both read the same field and one request may
// come from both.
func sharesRequests(c *config.Config, p *config.Proxy, name string, fronts map[string]proxies.Proxy) bool {
	if name == p.Name {
		return true
	}
	i := slices.IndexFunc(c.Proxies, func(other config.Proxy) bool { return other.Name == name })
	return i >= 0 && fronts[name].Accel().Field == fronts[p.Name].Accel().Field && meet(p.From, c.Proxies[i].From)
}

// meet reports whether one request may come from an address of a and from one of b. An
// empty list means all addresses.
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

// network reads an address or a network. For "unix" it returns the zero Prefix, which
// overlaps nothing.
func network(s string) netip.Prefix {
	p, err := netip.ParsePrefix(s)
	if err != nil {
		addr, err := netip.ParseAddr(s)
		if err != nil {
			return netip.Prefix{}
		}
		p = netip.PrefixFrom(addr, addr.BitLen())
	}
	if a := p.Addr(); a.Is4In6() && p.Bits() >= 96 {
		p = netip.PrefixFrom(a.Unmap(), p.Bits()-96)
	}
	return p
}

// shadowed returns the folders of c's local storages whose path in the URL is the
// internal location of the rule. Through the proxy, files in them are 404.
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

// warnShadowed logs a warning for each shadowed folder.
func (s *serve) warnShadowed(c *config.Config, logger *slog.Logger) {
	warn := func(r *accel.Rule, server string) {
		p, err := proxies.Find(server)
		if err != nil {
			return // a rule that redirects clients to a store
		}
		for _, folder := range shadowed(c, r, p) {
			logger.Warn(p.Title+" answers 404 for the files in this folder, because a rule's destination has the same path; use another destination",
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
