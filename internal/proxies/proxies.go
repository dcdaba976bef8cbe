// Package proxies has the table of all servers that files can be handed over to. To
// add a server, add its function in package accel, its room (a folder here), and a
// line of the table.
package proxies

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/downloadview/downloadview/internal/proxies/apache"
	"github.com/downloadview/downloadview/internal/proxies/caddy"
	"github.com/downloadview/downloadview/internal/proxies/lighttpd"
	"github.com/downloadview/downloadview/internal/proxies/nginx"
	"github.com/downloadview/downloadview/internal/proxies/room"
	"github.com/downloadview/downloadview/internal/proxies/site"
)

// A Proxy is one kind of server, in versions that behave alike.
type Proxy struct {
	room.Room

	// Server is the name without a version, such as "caddy".
	Server string

	// Name is Server; if other versions behave differently, it is Server and a
	// version, such as "caddy@2.6". Versions describes the versions in words.
	Name, Versions string

	covers func(version) bool // nil means the versions that no other line covers
}

// table has a line for each server, and a further line for versions that behave
// differently.
var table = []Proxy{
	{Server: "nginx", Name: "nginx", Room: nginx.Room},
	{Server: "apache", Name: "apache", Room: apache.Room},
	{Server: "apache", Name: "apache@1.0", Versions: "mod_xsendfile from 1.0", covers: from(1, 0), Room: apache.Room10},
	{Server: "lighttpd", Name: "lighttpd", Room: lighttpd.Room},
	{Server: "caddy", Name: "caddy", Room: caddy.Room},
	{Server: "caddy", Name: "caddy@2.6", Versions: "up to 2.6", covers: before(2, 7), Room: caddy.Room26},
}

// All returns every server and version, in the order of the table.
func All() []Proxy { return slices.Clone(table) }

// Servers returns the names of the servers, without versions.
func Servers() []string { return Where(func(Proxy) bool { return true }) }

// Where returns the names, without versions, of the servers for which is returns true.
func Where(is func(Proxy) bool) []string {
	var names []string
	for _, p := range table {
		if is(p) && !slices.Contains(names, p.Server) {
			names = append(names, p.Server)
		}
	}
	return names
}

// Or joins names by commas and a last "or".
func Or(names []string) string { return join(names, " or ") }

// And joins names by commas and a last "and".
func And(names []string) string { return join(names, " and ") }

func join(names []string, last string) string {
	if len(names) < 2 {
		return strings.Join(names, "")
	}
	n := len(names) - 1
	return strings.Join(names[:n], ", ") + last + names[n]
}

// Find returns the proxy for a name: that of a server, or a server and any version,
// such as "caddy@2.5". The error says what is wrong with the name.
func Find(name string) (Proxy, error) {
	server, text, versioned := strings.Cut(name, "@")
	var v version
	if versioned {
		var ok bool
		if v, ok = parseVersion(text); !ok {
			return Proxy{}, fmt.Errorf("version %q of proxy %q is not valid; want two numbers, such as 2.6", text, name)
		}
	}
	var found Proxy
	for _, p := range table {
		switch {
		case p.Server != server:
		case p.covers == nil && found.Name == "", p.covers != nil && versioned && p.covers(v):
			found = p
		}
	}
	if found.Name == "" {
		return Proxy{}, fmt.Errorf("no proxy is called %q; want %s, or one with a version such as caddy@2.6", name, Or(Servers()))
	}
	return found, nil
}

// Fields returns the names of all header fields by which a file is handed over.
func Fields() []string {
	var fields []string
	for _, p := range table {
		for _, field := range append([]string{p.Accel().Field}, p.Aliases...) {
			if !slices.Contains(fields, field) {
				fields = append(fields, field)
			}
		}
	}
	return fields
}

// IsLocation tells whether the value of a hand-over's header field is an internal
// location. Otherwise it is the path of a file.
func IsLocation(field string) bool {
	return slices.ContainsFunc(table, func(p Proxy) bool { return p.Locations && p.Accel().Field == field })
}

// Print writes a server's configuration for s. name is the Name of a [Proxy].
//
// Every value of s is quoted, so that the server reads it as a value, whatever
// characters it has. If the server's syntax can't express a value, the error names
// the value, and nothing is written.
func Print(w io.Writer, name string, s site.Site, part site.Part) error {
	i := slices.IndexFunc(table, func(p Proxy) bool { return p.Name == name })
	if i < 0 {
		return fmt.Errorf("server %q is not known; want one of %s", name, strings.Join(Names(), ", "))
	}
	if part != site.Whole && part != site.Fragment {
		return fmt.Errorf("part %d is not known; want Whole or Fragment", part)
	}
	if err := s.Check(); err != nil {
		return err
	}
	if s.Links != nil && !table[i].VerifiesLinks {
		return fmt.Errorf("%s can't verify links by itself; want nginx", table[i].Title)
	}
	if s.Tier != nil && !table[i].Tiers {
		return fmt.Errorf("%s can't be a tier of caches; want nginx", table[i].Title)
	}
	if s.Ledger != "" && !table[i].LogsDownloads {
		return fmt.Errorf("%s can't log downloads for the ledger; want %s, or no ledger", table[i].Title, Or(Where(func(p Proxy) bool { return p.LogsDownloads })))
	}
	return table[i].Print(w, s, part)
}

// Names returns the name of every line of the table, sorted.
func Names() []string {
	var names []string
	for _, p := range table {
		names = append(names, p.Name)
	}
	slices.Sort(names)
	return names
}
