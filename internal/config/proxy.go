package config

import (
	"errors"
	"fmt"
	"path/filepath"
	"regexp"
	"strings"

	"github.com/downloadview/downloadview/internal/proxies"
	"github.com/downloadview/downloadview/internal/proxies/site"
)

// A Proxy is a server in front of the application, which sends the files that rules
// hand over to it.
type Proxy struct {
	Name    string
	Server  string   // such as "nginx": one of proxies.Servers
	Version string   // such as "2.6"; "": a current version
	From    []string // addresses, networks or "unix" its requests come from; none: anywhere

	// Site holds the values of the file from which the proxy's configuration is
	// printed. Upstream may be "". Rules is not filled in: see Config.Rules.
	site.Site

	// VerifyLinks is how the proxy verifies signed links by itself: "njs", with a
	// Script, or "secure_link". "": it doesn't. Links is not filled in.
	VerifyLinks string
	Script      string

	Line int
}

// Type is the server with its version, such as "caddy@2.6".
func (p *Proxy) Type() string {
	if p.Version == "" {
		return p.Server
	}
	return p.Server + "@" + p.Version
}

func readProxies(v value) []Proxy {
	const want = "a server such as nginx"
	pairs, ok := v.pairs(`want names of proxies, such as "front: {server: nginx}"`)
	if !ok {
		return nil
	}
	var proxies []Proxy
	for name, v := range pairs {
		p := Proxy{Name: name, Line: v.line}
		var server server
		if v.isScalar() { // the short form
			scalar(&server, parseServer)(v)
		} else {
			v.mapping(want, []field{
				{name: "server", need: want, read: scalar(&server, parseServer)},
				{name: "from", read: list(&p.From, "addresses, such as [127.0.0.1, unix]", peer)},
				{name: "listen", read: scalar(&p.Listen, hostPort)},
				{name: "upstream", read: scalar(&p.Upstream, v.d.upstream)},
				{name: "folder", read: scalar(&p.Folder, absolute)},
				{name: "resolvers", read: list(&p.Resolvers, "addresses, such as [127.0.0.53]", resolver)},
				{name: "symlinks", read: scalar(&p.Symlinks, symlinksByName)},
				{name: "open_files", read: scalar(&p.OpenFiles, seconds)},
				{name: "verify_links", read: scalar(&p.VerifyLinks, verifierByName)},
				{name: "script", read: scalar(&p.Script, v.d.path)},
				{name: "tier", read: readTier(&p.Tier)},
			})
			checkTier(v, server.name, p.Tier)
			checkVerifier(v, server.name, p.VerifyLinks)
		}
		p.Server, p.Version = server.name, server.version
		proxies = append(proxies, p)
	}
	return proxies
}

var symlinksByName = name([]string{"refuse", "follow"}, map[string]site.Symlinks{"refuse": site.RefuseSymlinks, "follow": site.FollowSymlinks})

var verifierByName = name([]string{"njs", "secure_link"}, map[string]string{"njs": "njs", "secure_link": "secure_link"})

// checkVerifier checks the keys for links against each other.
func checkVerifier(v value, server, how string) {
	switch {
	case v.has("script") && !v.has("verify_links"):
		v.errorf("script has no effect without verify_links; want such as verify_links: njs")
	case how != "" && server != "" && server != "nginx":
		v.errorf("verify_links is for nginx; remove it")
	case how == "njs" && !v.has("script"):
		v.errorf("verify_links: njs needs a file for the script; want such as script: /etc/nginx/downloadview.js")
	case how == "secure_link" && v.has("script"):
		v.errorf("script has no effect with verify_links: secure_link; remove it")
	}
}

// ParseSymlinks reads "refuse" or "follow". The error continues a sentence that begins
// with s.
func ParseSymlinks(s string) (site.Symlinks, error) { return symlinksByName(s) }

// A server is a kind of proxy.
type server struct {
	name    string // one of proxies.Servers
	version string // such as "2.6"; "": not in the file
}

var version = regexp.MustCompile(`^[0-9]+(\.[0-9]+)+$`)

// parseServer reads the name of a server, or NAME@VERSION. The error continues a
// sentence that begins with s.
func parseServer(s string) (server, error) {
	base, v, versioned := strings.Cut(s, "@")
	for _, known := range proxies.Servers() {
		switch {
		case base != known:
		case versioned && !version.MatchString(v):
			return server{}, fmt.Errorf("has the version %q; want such as caddy@2.6", v)
		default:
			return server{base, v}, nil
		}
	}
	return server{}, errors.New("is unknown; " + suggestion(base, proxies.Servers()))
}

// absolute reads an absolute path on the proxy's machine.
func absolute(s string) (string, error) {
	if err := CheckExpanded(s); err != nil {
		return "", err
	}
	if !filepath.IsAbs(s) && !strings.HasPrefix(s, "/") {
		return "", errors.New("is not an absolute path; want such as /srv/media")
	}
	_, err := line(s)
	return s, err
}

func (c *Config) proxyNames() []string {
	names := make([]string, len(c.Proxies))
	for i, p := range c.Proxies {
		names[i] = p.Name
	}
	return names
}
