package apache

import (
	_ "embed"
	"fmt"
	"io"
	"net"
	"strings"

	"github.com/downloadview/downloadview/internal/proxies/site"
)

//go:embed apache.tmpl
var text string

var texts = site.Template(text, quote)

// conf is a Site in the words of Apache's configuration.
type conf struct {
	site.Site
	Address     string // where it listens
	Port        string
	Application string // its URL
	Directories []string
	Streamed    []string // the names of rules
	Modules     []string

	// Unescapes is for mod_xsendfile 1.0, which knows the directive.
	Unescapes bool
}

// Print writes for mod_xsendfile 0.12, which takes paths as they are.
func Print(w io.Writer, s site.Site, p site.Part) error {
	return print(w, p, conf{Site: s})
}

// Print10 writes for mod_xsendfile 1.0. It is a beta that Debian doesn't
// have, so this is what its manual says, not what was tried.
func Print10(w io.Writer, s site.Site, p site.Part) error {
	return print(w, p, conf{Site: s, Unescapes: true})
}

func print(w io.Writer, p site.Part, c conf) error {
	rules, streamed, err := c.Handed("Apache")
	if err != nil {
		return err
	}
	c.Streamed = streamed
	host, port, err := c.Listener(p)
	if err != nil {
		return err
	}
	c.Address, c.Port = net.JoinHostPort(host, port), port
	if host == "" {
		c.Address = port
	}
	if _, err := quote(c.Folder); err != nil {
		return fmt.Errorf("folder: %w", err)
	}
	if c.Application, err = c.upstream(); err != nil {
		return fmt.Errorf("upstream: %w", err)
	}
	if c.Directories, err = site.Destinations(rules, quote); err != nil {
		return err
	}
	c.Modules = []string{"mpm_event", "authz_core", "env", "proxy", "proxy_http", "xsendfile"}
	return site.Write(w, texts, p, c)
}

// upstream returns the application's URL, in which a socket's path ends
// at the first of some characters.
func (s conf) upstream() (string, error) {
	a, err := s.Site.Application()
	switch {
	case err != nil:
		return "", err
	case a.Socket == "":
		return "http://" + net.JoinHostPort(a.Host, a.Port) + "/", nil
	case strings.ContainsAny(a.Socket, "|?#%"):
		return "", fmt.Errorf("%q has one of | ? # %% in it, which end a path in Apache's URLs", a.Socket)
	}
	url := "unix:" + a.Socket + "|http://localhost/"
	_, err = quote(url)
	return url, err
}

func quote(s string) (string, error) {
	if strings.Contains(s, "${") {
		return "", fmt.Errorf("%q has %q in it, which Apache would replace", s, "${")
	}
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(s) + `"`, nil
}
