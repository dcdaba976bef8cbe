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

// conf has a Site's values in the form for Apache's configuration.
type conf struct {
	site.Site
	Address     string // where Apache listens
	Port        string
	Application string // the URL of the application
	Directories []string
	Streamed    []string // the names of rules
	Modules     []string

	// Unescapes is set for mod_xsendfile 1.0, which has the directive.
	Unescapes bool
}

// Print writes a configuration for mod_xsendfile 0.12, which doesn't decode paths.
func Print(w io.Writer, s site.Site, p site.Part) error {
	return print(w, p, conf{Site: s})
}

// Print10 writes a configuration for mod_xsendfile 1.0. It is a beta that Debian
// doesn't have, so this follows the manual and is not tested.
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
	if c.Ledger != "" {
		if err := c.FileOfLedger("Apache", quote); err != nil {
			return err
		}
		c.Modules = append(c.Modules, "headers")
	}
	return site.Write(w, texts, p, c)
}

// upstream returns the application's URL. It refuses characters that end a socket's
// path in such a URL.
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
