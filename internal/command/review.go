package command

import (
	"cmp"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"path/filepath"
	"slices"
	"strings"

	"github.com/downloadview/downloadview/internal/config"
	"github.com/downloadview/downloadview/internal/destination"
	"github.com/downloadview/downloadview/internal/proxies"
	"github.com/downloadview/downloadview/internal/proxies/site"
)

// review returns errors for settings that can't work, although each key is right by
// itself and serve would accept the file.
func review(c *config.Config, checks []Checker) config.Errors {
	r := &reviewer{c: c, mounted: mountedStorages(c)}
	for i := range c.Storages {
		r.checkURL(&c.Storages[i], checks)
		r.places = append(r.places, placeOfStorage(&c.Storages[i]))
	}
	for i := range c.Rules {
		r.checkSource(&c.Rules[i])
		r.checkRate(&c.Rules[i])
	}
	for i := range c.Proxies {
		r.checkListen(&c.Proxies[i])
		r.checkLinks(&c.Proxies[i])
	}
	r.checkMetrics()
	r.wrong = append(r.wrong, besideProxyProtocol(c)...)
	slices.SortStableFunc(r.wrong, func(a, b *config.Error) int { return cmp.Compare(a.Line, b.Line) })
	return r.wrong
}

// warnOfFile logs the errors that review finds in the file of serve. serve runs
// nevertheless.
func (s *serve) warnOfFile(c *config.Config, checks []Checker, logger *slog.Logger) {
	if s.Config == "" {
		return
	}
	for _, wrong := range review(c, checks) {
		logger.Warn("a part of the file can't work", "error", wrong)
	}
}

type reviewer struct {
	c       *config.Config
	mounted map[string]bool // storages, by name
	places  []storagePlace  // of all storages
	wrong   config.Errors
}

func (r *reviewer) errorf(line int, key, format string, args ...any) {
	r.wrong = append(r.wrong, &config.Error{File: r.c.File, Line: line, Key: key, Err: fmt.Errorf(format, args...)})
}

func (r *reviewer) checkURL(s *config.Storage, checks []Checker) {
	u, err := config.ParseURL(s.URL)
	if err != nil || !hasScheme.MatchString(s.URL) {
		return // a directory
	}
	for _, check := range checks {
		if err := check(u); err != nil {
			place := shown(u)
			if place == u.String() {
				place = s.URL // as it was written
			}
			// Not %w: a UsageError would be one of the check's own command line.
			r.errorf(s.Line, "storages."+s.Name, "%q %v", place, err)
			return
		}
	}
}

// checkLinks finds a proxy that has no links to verify.
func (r *reviewer) checkLinks(p *config.Proxy) {
	if p.VerifyLinks == "" {
		return
	}
	at := siteOf(r.c, p)
	if _, _, err := setPaths(new(site.Links), &at, r.c); err != nil {
		r.errorf(p.Line, "proxies."+p.Name, "verify_links: %w", err)
	}
}

// checkSource finds a rule that covers no file of any storage.
func (r *reviewer) checkSource(rule *config.Rule) {
	if len(r.c.Storages) == 0 {
		return // the storage is an argument of serve
	}
	origin, path := destination.Split(filepath.ToSlash(rule.Source))
	var others []string
	for i := range r.c.Storages {
		s, p := &r.c.Storages[i], &r.places[i]
		mounted := r.mounted[s.Name]
		switch {
		case p.origin != origin || !meets(path, p.prefix):
			if mounted && p.hasSources && len(others) < 5 {
				others = append(others, fmt.Sprintf("%q", p.shown))
			}
		case !p.hasSources:
			r.errorf(rule.Line, "rules."+rule.Name, "source %q is that of the storage %q, whose files are always streamed; want %q as the storage's url",
				rule.Source, s.Name, "/"+strings.Trim(p.prefix, "/"))
			return
		case !mounted:
			r.errorf(rule.Line, "rules."+rule.Name, "source %q is that of the storage %q, which is not mounted; want it in mounts", rule.Source, s.Name)
			return
		default:
			return
		}
	}
	want := "no storage has files that a proxy could find"
	if len(others) > 0 {
		want = "want one in " + strings.Join(others, ", ")
	}
	r.errorf(rule.Line, "rules."+rule.Name, "no storage has files below the source %q, so the rule covers nothing; %s", rule.Source, want)
}

// A storagePlace is the place of a storage's files.
type storagePlace struct {
	origin, prefix string // of their sources, with a slash at the end of a directory
	hasSources     bool   // a rule can cover the files
	shown          string // for errors
}

func placeOfStorage(s *config.Storage) storagePlace {
	if b, ok := parseBucket(s); ok {
		u, _ := config.ParseURL(s.URL)
		switch u.Scheme {
		case "mem":
			return storagePlace{origin: b.origin}
		case "file":
			return storagePlace{origin: destination.Local, prefix: strings.Trim(u.Path, "/") + "/" + b.prefix}
		}
		return storagePlace{origin: b.origin, prefix: b.prefix, hasSources: true, shown: b.origin + "/" + b.prefix}
	}
	origin, path := destination.Split(filepath.ToSlash(s.URL))
	return storagePlace{origin: origin, prefix: strings.TrimSuffix(path, "/") + "/", hasSources: true, shown: s.URL}
}

// meets reports whether files below the path of a rule may have the prefix.
func meets(path, prefix string) bool {
	if path == "" {
		return true
	}
	path = strings.TrimSuffix(path, "/") + "/"
	return prefix == "/" || strings.HasPrefix(path, prefix) || strings.HasPrefix(prefix, path)
}

// checkRate finds a rule with a rate whose proxy can't limit rates: no file would be
// handed over to it.
func (r *reviewer) checkRate(rule *config.Rule) {
	i := slices.IndexFunc(r.c.Proxies, func(p config.Proxy) bool { return p.Name == rule.Proxy })
	if rule.LimitRate == 0 || i < 0 {
		return
	}
	told := func(p proxies.Proxy) bool { return p.Accel().Terms.RateField != "" }
	proxy, err := proxies.Find(r.c.Proxies[i].Type())
	if err == nil && !told(proxy) {
		r.errorf(rule.Line, "rules."+rule.Name, "limit_rate is not possible with %s, so this rule hands nothing over; want %s, or the key left out",
			r.c.Proxies[i].Type(), proxies.Or(proxies.Where(told)))
	}
}

// checkListen finds a proxy that listens at the application's address on the same
// machine, or that is its own upstream.
func (r *reviewer) checkListen(p *config.Proxy) {
	application := cmp.Or(r.c.Listen, "127.0.0.1:8080")
	upstream := cmp.Or(p.Upstream, application)
	switch {
	case p.Listen == "":
	case p.Upstream != "" && sameAddress(p.Listen, p.Upstream) && isHere(p.Upstream):
		r.errorf(p.Line, "proxies."+p.Name, "listen %q is the address of its upstream %q, so it would send requests to itself; want the application's address in upstream", p.Listen, p.Upstream)
	case isHere(upstream) && sameAddress(p.Listen, application):
		r.errorf(p.Line, "proxies."+p.Name, "listen %q is where the application listens (%s); want another port for one of them", p.Listen, application)
	}
}

// checkMetrics finds an address of metrics at which the application listens, too.
func (r *reviewer) checkMetrics() {
	application, err := config.ParseAddress(cmp.Or(r.c.Listen, "127.0.0.1:8080"))
	metrics, wrong := config.ParseAddress(r.c.Metrics)
	if err != nil || wrong != nil || r.c.MetricsLine == 0 {
		return // none, or a flag: serve says what is wrong
	}
	if sameAddress(application.String(), metrics.String()) {
		r.errorf(r.c.MetricsLine, "metrics", "%q is where the application listens (%v); want another address", r.c.Metrics, application)
	}
}

// sameAddress reports whether two addresses collide, so that two servers on one machine
// can't listen at them.
func sameAddress(a, b string) bool {
	hostA, portA, errA := net.SplitHostPort(a)
	hostB, portB, errB := net.SplitHostPort(b)
	if errA != nil || errB != nil || strings.HasPrefix(a, "unix:") || strings.HasPrefix(b, "unix:") {
		return a == b
	}
	if portA != portB || portA == "0" {
		return false
	}
	return covers(hostA, hostB) || covers(hostB, hostA) || plainHost(hostA) == plainHost(hostB)
}

// covers reports whether a server at all addresses that host stands for is at other, too.
// 0.0.0.0 stands for those of IPv4, [::] and no host for all.
func covers(host, other string) bool {
	all, err := netip.ParseAddr(host)
	if host != "" && (err != nil || !all.IsUnspecified()) {
		return false
	}
	addr, err := netip.ParseAddr(plainHost(other))
	return !all.Is4() || err != nil || addr.Unmap().Is4()
}

func isEverywhere(host string) bool {
	addr, err := netip.ParseAddr(host)
	return host == "" || err == nil && addr.IsUnspecified()
}

func plainHost(host string) string {
	if strings.EqualFold(host, "localhost") {
		return "127.0.0.1"
	}
	return strings.ToLower(host)
}

// isHere reports whether an address is on the machine that uses it.
func isHere(addr string) bool {
	if strings.HasPrefix(addr, "unix:") {
		return true
	}
	host, _, err := net.SplitHostPort(addr)
	ip, _ := netip.ParseAddr(plainHost(host))
	return err == nil && (isEverywhere(host) || ip.IsLoopback())
}
