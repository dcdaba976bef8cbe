package command

import (
	"cmp"
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"github.com/downloadview/downloadview/accel"
	"github.com/downloadview/downloadview/internal/config"
	"github.com/downloadview/downloadview/internal/proxyconf"
)

// printConfig is the command "downloadview config SERVER".
type printConfig struct {
	Server string `arg:"" help:"The server: ${servers}."`

	Config   string   `placeholder:"FILE" help:"Take the proxy and its rules from a YAML file, the one that serve is given. Flags win over what is in it."`
	Proxy    string   `placeholder:"NAME" help:"Which proxy of the file, where several are of this server."`
	Rule     []string `placeholder:"SOURCE=DEST" sep:"none" help:"A rule, as serve has it. Repeatable."`
	Listen   string   `placeholder:"ADDR" help:"Where the server is to listen: HOST:PORT."`
	Upstream string   `placeholder:"ADDR" help:"Where downloadview listens: HOST:PORT, or unix:PATH. Default: what the file says, else 127.0.0.1:8080."`
	Fragment bool     `help:"Print what a configuration that is there already includes. Default: a whole one, that runs as it is."`
}

// Help is the long part of --help.
func (*printConfig) Help() string {
	return `The configuration is printed on stdout, for the rules by which serve hands files over. What the server can't express is an error that names the rule, and then nothing is printed.

Examples:

  downloadview config nginx --listen 127.0.0.1:8000 --upstream unix:/run/media.sock --rule /srv/media=/_media/ > nginx.conf

  downloadview config nginx --config downloadview.yaml --fragment > /etc/nginx/snippets/downloadview.conf`
}

// Run prints the configuration.
func (p *printConfig) Run(env *environment) error {
	if _, err := accel.Named(p.Server); err != nil {
		return usageErrorf("config: %s", strings.TrimPrefix(err.Error(), "accel: "))
	}
	s, err := p.site()
	if err != nil {
		return err
	}
	part := proxyconf.Whole
	if p.Fragment {
		part = proxyconf.Fragment
	} else if s.Listen == "" {
		return usageErrorf("config %s: no address for the server to listen at; want --listen HOST:PORT, such as 127.0.0.1:8000, or --fragment", p.Server)
	}
	if len(s.Rules) == 0 {
		return usageErrorf("config %s: no rules to print; want --rule SOURCE=DEST, such as /srv/media=/_media/, or --config FILE", p.Server)
	}
	if err := proxyconf.Print(env.stdout, p.printer(), s, part); err != nil {
		return fmt.Errorf("config %s: %w", p.Server, err)
	}
	return nil
}

// printer is what proxyconf calls the server. Where the version makes no
// difference it has only one for all of them.
func (p *printConfig) printer() string {
	if slices.Contains(proxyconf.Servers(), p.Server) {
		return p.Server
	}
	name, _, _ := strings.Cut(p.Server, "@")
	return name
}

// site returns what is to be printed, of the flags and the file.
func (p *printConfig) site() (proxyconf.Site, error) {
	var s proxyconf.Site
	switch {
	case p.Config != "" && len(p.Rule) > 0:
		return s, usageErrorf("both --rule and the rules of --config %s; want one of them", p.Config)
	case p.Config != "":
		c, err := readConfig(p.Config)
		if err != nil {
			return s, err
		}
		proxy, err := p.choose(c)
		if err != nil {
			return s, err
		}
		s = siteOf(c, proxy)
	case p.Proxy != "":
		return s, usageErrorf("--proxy %q says nothing without --config", p.Proxy)
	default:
		rules, err := parseRules(p.Rule)
		if err != nil {
			return s, err
		}
		server, err := accel.Named(p.Server)
		if err == nil {
			_, err = accel.New(server, rules...)
		}
		if err != nil {
			return s, usageErrorf("--rule: %w", err)
		}
		for _, r := range rules {
			s.Rules = append(s.Rules, proxyconf.Rule{Source: r.Source, Destination: r.Destination})
		}
	}
	s.Listen = cmp.Or(p.Listen, s.Listen)
	s.Upstream = cmp.Or(p.Upstream, s.Upstream, "127.0.0.1:8080")
	if path, ok := strings.CutPrefix(s.Upstream, "unix:"); ok && path != "" {
		abs, err := filepath.Abs(path)
		if err != nil {
			return s, err
		}
		s.Upstream = "unix:" + abs
	}
	return s, nil
}

// choose returns the proxy of c that is meant.
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

// siteOf returns what the file says about a proxy. Rules that send clients to a
// store are none of the proxy's business.
func siteOf(c *config.Config, p *config.Proxy) proxyconf.Site {
	s := proxyconf.Site{
		Listen:    p.Listen,
		Upstream:  cmp.Or(p.Upstream, c.Listen),
		Folder:    p.Folder,
		Resolvers: p.Resolvers,
		OpenFiles: p.OpenFiles,
	}
	if p.Symlinks == config.FollowSymlinks {
		s.Symlinks = proxyconf.FollowSymlinks
	}
	for _, r := range c.Rules {
		if r.Proxy != p.Name {
			continue
		}
		rule := proxyconf.Rule{Name: r.ID, Source: r.Source, Destination: r.Destination, Directory: r.Directory, LimitRate: r.LimitRate}
		if r.Signed != nil {
			rule.Origin = &proxyconf.Origin{Cache: r.Signed.Cache, Slice: r.Signed.Slice}
		}
		s.Rules = append(s.Rules, rule)
	}
	return s
}
