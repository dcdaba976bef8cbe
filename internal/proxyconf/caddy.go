package proxyconf

import (
	"cmp"
	"fmt"
	"io"
	"net"
	"slices"
	"strings"
	"unicode/utf8"
)

var caddyTexts = texts("caddy", caddyQuote)

// caddySite is a Site in the words of a Caddyfile.
type caddySite struct {
	Site
	Bind, Port string
	Address    string // of the application
	Locations  []caddyLocation
	Streamed   []string // the names of rules

	// Old is Caddy 2.6, which takes the names of files as they are and lacks
	// some directives.
	Old bool
}

// caddyLocation is what one rule's X-Accel-Redirect begins with.
type caddyLocation struct {
	Title     string
	Prefix    string // ends in a slash
	Strip     string // without it, "" where that leaves nothing
	Directory string
}

func printCaddy(w io.Writer, s Site, p Part) error {
	return printCaddySite(w, p, caddySite{Site: s})
}

func printCaddy26(w io.Writer, s Site, p Part) error {
	return printCaddySite(w, p, caddySite{Site: s, Old: true})
}

func printCaddySite(w io.Writer, p Part, site caddySite) error {
	rules, streamed, err := site.handed("Caddy")
	if err != nil {
		return err
	}
	site.Streamed = streamed
	for _, r := range site.Rules {
		// A name stands in a comment, where Caddy replaces, too.
		if strings.Contains(r.name(), caddyVariable) {
			return fmt.Errorf("rule %q: name has %q in it, which Caddy would replace", r.name(), caddyVariable)
		}
	}
	if site.Bind, site.Port, err = site.listen(p); err != nil {
		return err
	}
	if _, err := caddyQuote(site.Folder); err != nil {
		return fmt.Errorf("folder: %w", err)
	}
	if site.Address, err = site.caddyUpstream(); err != nil {
		return fmt.Errorf("upstream: %w", err)
	}
	if site.Locations, err = caddyLocations(rules); err != nil {
		return err
	}
	return write(w, caddyTexts, p, site)
}

// caddyLocations returns the longest first: Caddy takes the first that fits.
func caddyLocations(rules []Rule) ([]caddyLocation, error) {
	var locations []caddyLocation
	names := make(map[string]string)
	for _, r := range rules {
		l, err := newCaddyLocation(r)
		if err != nil {
			return nil, fmt.Errorf("rule %q: %w", r.name(), err)
		}
		if other, taken := names[l.Prefix]; taken {
			return nil, fmt.Errorf("rule %q: destination %q is that of rule %q already; want one for each", r.name(), r.Destination, other)
		}
		names[l.Prefix] = r.name()
		locations = append(locations, l)
	}
	slices.SortStableFunc(locations, func(a, b caddyLocation) int {
		return cmp.Compare(len(b.Prefix), len(a.Prefix))
	})
	return locations, nil
}

func newCaddyLocation(r Rule) (caddyLocation, error) {
	// Anything else would have to be written in three ways: for the matcher, for
	// what is stripped, and percent-encoded by the application.
	for _, c := range []byte(r.Destination) {
		if !isAlphanumeric(c) && !strings.ContainsRune("/-._~", rune(c)) {
			return caddyLocation{}, fmt.Errorf("destination %q has %q in it; want letters, digits, and -._~ between slashes", r.Destination, c)
		}
	}
	strip := strings.TrimSuffix(r.Destination, "/")
	if _, err := (Rule{Directory: cmp.Or(strip, "/")}).directory(); err != nil {
		return caddyLocation{}, fmt.Errorf("destination: %w", err)
	}
	dir, err := r.directory()
	if err != nil {
		return caddyLocation{}, err
	}
	dir = cmp.Or(dir, "/")
	if _, err := caddyQuote(dir); err != nil {
		return caddyLocation{}, fmt.Errorf("directory: %w", err)
	}
	return caddyLocation{Title: r.name(), Prefix: strip + "/", Strip: strip, Directory: dir}, nil
}

func (s caddySite) caddyUpstream() (string, error) {
	a, err := s.upstream()
	switch {
	case err != nil:
		return "", err
	case a.socket == "":
		return caddyQuote(net.JoinHostPort(a.host, a.port))
	case strings.ContainsAny(a.socket, "{}|:") || strings.Contains(a.socket, "//"):
		return "", fmt.Errorf("%q has one of { } | : // in it, which mean something in Caddy's addresses", a.socket)
	}
	return caddyQuote("unix/" + a.socket)
}

// caddyVariable begins what Caddy replaces wherever it stands.
const caddyVariable = "{$"

func caddyQuote(s string) (string, error) {
	switch {
	case !utf8.ValidString(s):
		return "", fmt.Errorf("%q is not UTF-8, which Caddy's configuration has to be", s)
	case strings.Contains(s, caddyVariable):
		return "", fmt.Errorf("%q has %q in it, which Caddy would replace", s, caddyVariable)
	case strings.Contains(s, `\}`):
		return "", fmt.Errorf("%q has a backslash before a brace, which Caddy's versions read in different ways", s)
	}
	value := s
	if strings.Contains(value, "{") { // or Caddy 2.6 keeps the backslash
		value = strings.NewReplacer("{", `\{`, "}", `\}`).Replace(value)
	}
	if !strings.ContainsAny(value, `"\`) {
		return `"` + value + `"`, nil
	}
	// A backslash before a quotation mark can be written in backquotes alone.
	if strings.Contains(value, "`") {
		return "", fmt.Errorf("%q has a backquote beside a quotation mark, a backslash or a brace, which Caddy has no way to write", s)
	}
	return "`" + value + "`", nil
}
