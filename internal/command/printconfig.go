package command

import (
	"bytes"
	"cmp"
	"fmt"
	"path/filepath"
	"strings"
	"time"

	"github.com/downloadview/downloadview/accel"
	"github.com/downloadview/downloadview/internal/config"
	"github.com/downloadview/downloadview/internal/proxies"
	"github.com/downloadview/downloadview/internal/proxies/site"
)

// printConfig is the command "downloadview config SERVER".
type printConfig struct {
	Server string `arg:"" help:"The server: ${servers}."`

	Config string `placeholder:"FILE" help:"Read the proxy and its rules from the YAML file of serve. Flags win over the file. Default: none."`
	Proxy  string `placeholder:"NAME" help:"The name of the proxy in the file, if the file has several of this server."`
	ruleFlags
	BasePath  string         `placeholder:"PATH" help:"The --base-path of serve. nginx passes only requests below it on, and those of links to a prefix. Default: that of the file, else /."`
	Listen    string         `placeholder:"ADDR" help:"The address at which the server listens: HOST:PORT; no host means every address. Default: that of the file, else 127.0.0.1:8000."`
	Upstream  string         `placeholder:"ADDR" help:"The address at which downloadview listens: HOST:PORT, or unix:PATH. Default: that of the file, else 127.0.0.1:8080."`
	Fragment  bool           `help:"Print a part, for an existing configuration to include. Default: a whole configuration, which runs as it is."`
	Folder    string         `placeholder:"DIR" help:"The directory for the files that the server writes, so that it runs without privileges. Default: that of the file, else the system's usual places."`
	Symlinks  string         `placeholder:"WHICH" help:"What the server does with symbolic links: refuse (if it can) or follow, wherever they lead. Default: that of the file, else refuse."`
	OpenFiles *time.Duration `placeholder:"DURATION" help:"How long nginx may keep files open between requests, such as 30s. For that long it may send a replaced file as it was before. 0s: not at all. Default: that of the file, else 0s."`
	Resolver  []string       `placeholder:"ADDR" help:"A name server for the hosts of signed URLs, such as 127.0.0.53. Repeatable. Default: those of the file."`
	Ledger    string         `placeholder:"WHERE" help:"Log the downloads that the server sends, for \"downloadview ledger\" and package ledger: to a FILE, or of nginx by syslog to unix:PATH. Default: no such log."`
	verifyFlags
	tierFlags
}

// Help is the long part of --help.
func (*printConfig) Help() string {
	return `The configuration is printed on stdout. It has the rules by which serve hands files over, and expects that serve runs with --headers private. If the server can't express a rule, the error names the rule and nothing is printed.

Examples, besides those of "downloadview config --help":

  downloadview config apache --rule /srv/media=/srv/media > httpd.conf

  downloadview config nginx --config downloadview.yaml --fragment \
      > /etc/nginx/snippets/downloadview.conf

  downloadview config nginx --rule /srv/media=/_media/ --verify-links njs \
      --key-file /etc/downloadview/links.keys --script /etc/nginx/downloadview.js > /etc/nginx/nginx.conf

A tier, with an edge at 10.0.0.2 and cache nodes (docs/scale.md):

  downloadview config nginx --tier edge --listen :80 --upstream 10.0.0.21:8080 \
      --cache-node 10.0.0.11:8081 --cache-node 10.0.0.12:8081 \
      --rule s3://films=/_films/ --signed --cache 100GB --slice 1MiB

  downloadview config nginx --tier cache --listen 10.0.0.11:8081 --edge 10.0.0.2 \
      --rule s3://films=/_films/ --signed --cache 100GB --slice 1MiB

With --verify-links, nginx lets requests with a valid link in by itself: to the directory of the rule, at the path /, or to directories of mounts with require_signature that rules cover. Other mounts go to downloadview. With njs, the script has secrets, and the configuration has none. With secure_link, the configuration has secrets: no other user may read it.`
}

// Run prints the configuration.
func (p *printConfig) Run(env *environment) error {
	if _, err := proxies.Find(p.Server); err != nil {
		return usageErrorf("config: %w", err)
	}
	if err := p.checkServer(); err != nil {
		return err
	}
	s, err := p.site()
	if err != nil {
		return err
	}
	part := site.Whole
	if p.Fragment {
		part = site.Fragment
	}
	if len(s.Rules) == 0 {
		return usageErrorf("config %s: no rules to print; want --rule SOURCE=DEST, such as /srv/media=/_media/, or --config FILE", p.Server)
	}
	proxy, err := proxies.Find(p.Server)
	var conf bytes.Buffer
	if err == nil {
		err = proxies.Print(&conf, proxy.Name, s, part)
	}
	if err == nil && s.Links != nil && s.Links.Script != "" {
		err = writeScript(s)
	}
	if err != nil {
		return fmt.Errorf("config %s: %w", p.Server, err)
	}
	_, err = conf.WriteTo(env.stdout)
	return err
}

// checkServer refuses flags that have no effect for the server.
func (p *printConfig) checkServer() error {
	name, _, _ := strings.Cut(p.Server, "@")
	switch {
	case p.OpenFiles != nil && *p.OpenFiles < 0:
		return usageErrorf("--open-files %v is negative; want a duration such as 30s, or 0s", *p.OpenFiles)
	case p.OpenFiles != nil && *p.OpenFiles > 0 && name != "nginx":
		return usageErrorf("config %s: --open-files is for nginx; want config nginx, or the flag left out", p.Server)
	case len(p.Resolver) > 0 && name != "nginx":
		return usageErrorf("config %s: --resolver is for nginx; want config nginx, or the flag left out", p.Server)
	}
	return nil
}

// site returns the site to print, from the flags and the file.
func (p *printConfig) site() (site.Site, error) {
	var s site.Site
	var c *config.Config
	var proxy *config.Proxy
	var err error
	switch {
	case p.Config != "" && (len(p.Rule) > 0 || p.Signed):
		return s, usageErrorf("got both --rule or --signed and the rules of --config %s; want one of them", p.Config)
	case p.Config != "":
		if c, err = readConfig(p.Config); err != nil {
			return s, err
		}
		if proxy, err = p.choose(c); err != nil {
			return s, err
		}
		if c.TLS.Cert != "" {
			return s, usageErrorf("config %s: --config %s has tls_cert, and the printed configuration asks downloadview without TLS; want tls_cert and tls_key removed, since the proxy speaks TLS with the clients", p.Server, p.Config)
		}
		if err := setBasePath(c, p.BasePath); err != nil {
			return s, err
		}
		if _, err := accelerate(c); err != nil { // with the mounts where they are now
			return s, &UsageError{err}
		}
		s = siteOf(c, proxy)
		if s.Upstream == "" && p.Upstream == "" && c.Listen != "" {
			return s, usageErrorf("config %s: --config %s has listen: %s, at which a proxy can't find it; want --upstream, or the upstream of the proxy", p.Server, p.Config, c.Listen)
		}
	case p.Proxy != "":
		return s, usageErrorf("--proxy %q has no effect without --config; want both", p.Proxy)
	default:
		rules, err := p.rules()
		if err != nil {
			return s, err
		}
		var alone config.Config
		if err := setBasePath(&alone, p.BasePath); err != nil {
			return s, err
		}
		s.BasePath = alone.BasePath
		proxy, err := proxies.Find(p.Server)
		if err == nil {
			_, err = accel.New(proxy.Accel(), rules, nil)
		}
		if err != nil {
			return s, ruleError(err)
		}
		for _, r := range rules {
			rule := site.Rule{Rule: r}
			if r.Signed != nil {
				rule.Cache, rule.Slice = int64(p.Cache), int64(p.Slice)
			}
			s.Rules = append(s.Rules, rule)
		}
	}
	if s, err = p.override(s); err == nil && len(s.Rules) > 0 {
		err = p.setTier(&s)
	}
	// A cache node verifies no links, whatever the file says of its edge.
	if err == nil && len(s.Rules) > 0 && (s.Tier == nil || s.Tier.Role == "edge") {
		err = p.links(&s, c, proxy)
	}
	return s, err
}

// override returns s with the values of the flags, and with the defaults.
func (p *printConfig) override(s site.Site) (site.Site, error) {
	s.Listen = cmp.Or(p.Listen, s.Listen, "127.0.0.1:8000")
	s.Upstream = cmp.Or(p.Upstream, s.Upstream, "127.0.0.1:8080")
	if path, ok := strings.CutPrefix(s.Upstream, "unix:"); ok && path != "" {
		if path, options, given := strings.Cut(path, "?"); given {
			return s, usageErrorf("--upstream %q has the options %q, which belong to serve --listen; want unix:%s", s.Upstream, options, path)
		}
		if err := config.CheckExpanded(path); err != nil {
			return s, usageErrorf("--upstream %q %w", s.Upstream, err)
		}
		if strings.HasPrefix(path, "@") {
			return s, usageErrorf("--upstream %q is an abstract socket, which the printed configuration can't name; want the path of a file, or ./%s for a file of that name", s.Upstream, path)
		}
		abs, err := filepath.Abs(path)
		if err != nil {
			return s, err
		}
		s.Upstream = "unix:" + abs
	}
	if sameAddress(s.Listen, s.Upstream) && isHere(s.Upstream) {
		return s, usageErrorf("config %s: it would listen at %q, which is where downloadview listens (%s); want another --listen or --upstream", p.Server, s.Listen, s.Upstream)
	}
	if p.Folder != "" {
		if err := config.CheckExpanded(p.Folder); err != nil {
			return s, usageErrorf("--folder %q %w", p.Folder, err)
		}
		abs, err := filepath.Abs(p.Folder)
		if err != nil {
			return s, err
		}
		s.Folder = abs
	}
	if p.Symlinks != "" {
		var err error
		if s.Symlinks, err = config.ParseSymlinks(p.Symlinks); err != nil {
			return s, usageErrorf("--symlinks %q; want refuse or follow", p.Symlinks)
		}
	}
	if p.OpenFiles != nil {
		s.OpenFiles = *p.OpenFiles
	}
	if len(p.Resolver) > 0 {
		s.Resolvers = p.Resolver
	}
	if p.Ledger != "" {
		socket, ok := strings.CutPrefix(p.Ledger, "unix:")
		where := socket
		if err := config.CheckExpanded(where); err != nil {
			return s, usageErrorf("--ledger %q %w", p.Ledger, err)
		}
		if ok && where == "" {
			return s, usageErrorf("--ledger %q has no path; want one such as unix:/run/ledger.sock", p.Ledger)
		}
		abs, err := filepath.Abs(where)
		if err != nil {
			return s, err
		}
		s.Ledger = abs
		if ok {
			s.Ledger = "unix:" + abs
		}
	}
	return s, nil
}

// choose returns the proxy of c with the server, and with the name if --proxy is set.
func (p *printConfig) choose(c *config.Config) (*config.Proxy, error) {
	name, _, _ := strings.Cut(p.Server, "@")
	var names []string
	var chosen *config.Proxy
	for i := range c.Proxies {
		if proxy := &c.Proxies[i]; proxy.Server == name && (p.Proxy == "" || proxy.Name == p.Proxy) {
			names = append(names, proxy.Name)
			chosen = proxy
		}
	}
	switch {
	case len(names) == 1:
		if chosen.Type() != p.Server && chosen.Version != "" && p.Server != name {
			return nil, usageErrorf("proxy %q of --config %s is %s; want that instead of %s", chosen.Name, p.Config, chosen.Type(), p.Server)
		}
		p.Server = chosen.Type()
		return chosen, nil
	case len(names) > 1:
		return nil, usageErrorf("--config %s has several proxies of the server %s; want --proxy with one of %s", p.Config, name, strings.Join(names, ", "))
	case p.Proxy != "":
		return nil, usageErrorf("--config %s has no proxy %q of the server %s", p.Config, p.Proxy, name)
	default:
		return nil, usageErrorf("--config %s has no proxy of the server %s", p.Config, name)
	}
}

// siteOf returns the site of a proxy of the file. It leaves out rules that redirect
// clients to a store: they don't concern the proxy.
func siteOf(c *config.Config, p *config.Proxy) site.Site {
	s := p.Site
	s.Upstream = cmp.Or(p.Upstream, upstreamOf(c))
	s.BasePath = c.BasePath
	for _, r := range c.Rules {
		if r.Proxy == p.Name {
			s.Rules = append(s.Rules, r.Rule)
		}
	}
	return s
}

// upstreamOf returns the address at which a proxy finds the application, from the
// listen of c; "" if c has none, a socket of systemd, or an address without a host.
func upstreamOf(c *config.Config) string {
	if c.Listen == "" {
		return ""
	}
	a, err := config.ParseAddress(c.Listen)
	if err == nil && (a.Network == "systemd" || strings.HasPrefix(a.Name, ":") && a.Network == "tcp") {
		return ""
	}
	if err != nil { // can't be: package config has read it with the same function
		return c.Listen
	}
	return a.String()
}
