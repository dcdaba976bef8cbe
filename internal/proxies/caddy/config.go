package caddy

import (
	"cmp"
	_ "embed"
	"fmt"
	"io"
	"net"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/downloadview/downloadview/internal/proxies/site"
)

//go:embed caddy.tmpl
var text string

var texts = site.Template(text, quote)

// conf has a Site's values in the form for a Caddyfile.
type conf struct {
	site.Site
	Bind, Port string
	Address    string // of the application
	Locations  []location
	Streamed   []string // the names of rules

	// Old is set for Caddy 2.6, which doesn't decode the names of files and lacks
	// some directives.
	Old bool
}

// location is the internal location of one rule.
type location struct {
	Title     string
	Prefix    string // ends in a slash
	Strip     string // Prefix without that slash
	Directory string
}

func Print(w io.Writer, s site.Site, p site.Part) error {
	return print(w, p, conf{Site: s})
}

func Print26(w io.Writer, s site.Site, p site.Part) error {
	return print(w, p, conf{Site: s, Old: true})
}

func print(w io.Writer, p site.Part, c conf) error {
	rules, streamed, err := c.Handed("Caddy")
	if err != nil {
		return err
	}
	c.Streamed = streamed
	for _, r := range c.Rules {
		// The name is printed in a comment, where Caddy replaces variables too.
		if strings.Contains(r.Title(), variable) {
			return fmt.Errorf("rule %q: name has %q in it, which Caddy would replace", r.Title(), variable)
		}
	}
	if c.Bind, c.Port, err = c.Listener(p); err != nil {
		return err
	}
	if _, err := quote(c.Folder); err != nil {
		return fmt.Errorf("folder: %w", err)
	}
	if err := c.FileOfLedger("Caddy", quote); err != nil {
		return err
	}
	if c.Address, err = c.upstream(); err != nil {
		return fmt.Errorf("upstream: %w", err)
	}
	if c.Locations, err = locations(rules); err != nil {
		return err
	}
	return site.Write(w, texts, p, c)
}

// locations returns the locations of rules, the longest first, because Caddy uses the
// first that matches.
func locations(rules []site.Rule) ([]location, error) {
	var locations []location
	names := make(map[string]string)
	for _, r := range rules {
		l, err := newLocation(r)
		if err != nil {
			return nil, fmt.Errorf("rule %q: %w", r.Title(), err)
		}
		if other, taken := names[l.Prefix]; taken {
			return nil, fmt.Errorf("rule %q: destination %q is that of rule %q already; want one for each", r.Title(), r.Destination, other)
		}
		names[l.Prefix] = r.Title()
		locations = append(locations, l)
	}
	slices.SortStableFunc(locations, func(a, b location) int {
		return cmp.Compare(len(b.Prefix), len(a.Prefix))
	})
	return locations, nil
}

func newLocation(r site.Rule) (location, error) {
	// Any other character would need three forms: one for the matcher, one for
	// strip_prefix, and one percent-encoded by the application.
	for _, c := range r.Destination {
		if c >= utf8.RuneSelf || !site.IsAlphanumeric(byte(c)) && !strings.ContainsRune("/-._~", c) {
			return location{}, fmt.Errorf("destination %q has %q in it; want letters, digits, and -._~ between slashes", r.Destination, c)
		}
	}
	strip := strings.TrimSuffix(r.Destination, "/")
	if _, err := (site.Rule{Directory: cmp.Or(strip, "/")}).Files(); err != nil {
		return location{}, fmt.Errorf("destination: %w", err)
	}
	dir, err := r.Files()
	if err != nil {
		return location{}, err
	}
	dir = cmp.Or(dir, "/")
	if _, err := quote(dir); err != nil {
		return location{}, fmt.Errorf("directory: %w", err)
	}
	return location{Title: r.Title(), Prefix: strip + "/", Strip: strip, Directory: dir}, nil
}

func (s conf) upstream() (string, error) {
	a, err := s.Site.Application()
	switch {
	case err != nil:
		return "", err
	case a.Socket == "":
		return quote(net.JoinHostPort(a.Host, a.Port))
	case strings.ContainsAny(a.Socket, "{}|:") || strings.Contains(a.Socket, "//"):
		return "", fmt.Errorf("%q has one of { } | : // in it, which have a meaning in Caddy's addresses; want a path without them", a.Socket)
	}
	return quote("unix/" + a.Socket)
}

// variable is the beginning of a text that Caddy replaces everywhere in its
// configuration.
const variable = "{$"

func quote(s string) (string, error) {
	switch {
	case !utf8.ValidString(s):
		return "", fmt.Errorf("%q is not UTF-8; Caddy's configuration must be UTF-8", s)
	case strings.Contains(s, variable):
		return "", fmt.Errorf("%q has %q in it, which Caddy would replace", s, variable)
	case strings.Contains(s, `\}`):
		return "", fmt.Errorf("%q has a backslash before a brace, which Caddy's versions read in different ways", s)
	}
	value := s
	if strings.Contains(value, "{") { // without "{", Caddy 2.6 would keep the backslash
		value = strings.NewReplacer("{", `\{`, "}", `\}`).Replace(value)
	}
	if !strings.ContainsAny(value, `"\`) {
		return `"` + value + `"`, nil
	}
	// A backslash before a quotation mark can be written only in backquotes.
	if strings.Contains(value, "`") {
		return "", fmt.Errorf("%q has a backquote, and a quotation mark, a backslash or a brace; Caddy's syntax can't express both", s)
	}
	return "`" + value + "`", nil
}
