package proxyconf

import (
	"fmt"
	"io"
	"net"
	"strings"
)

var apacheTexts = texts("apache", apacheQuote)

// apacheSite is a Site in the words of Apache's configuration.
type apacheSite struct {
	Site
	Address     string // where it listens
	Port        string
	Application string // its URL
	Directories []string
	Streamed    []string // the names of rules
	Modules     []string

	// Unescapes is for mod_xsendfile 1.0, which knows the directive.
	Unescapes bool
}

// printApache prints for mod_xsendfile 0.12, which takes paths as they are.
func printApache(w io.Writer, s Site, p Part) error {
	return printApacheSite(w, p, apacheSite{Site: s})
}

// printApache10 prints for mod_xsendfile 1.0. It is a beta that Debian doesn't
// have, so this is what its manual says, not what was tried.
func printApache10(w io.Writer, s Site, p Part) error {
	return printApacheSite(w, p, apacheSite{Site: s, Unescapes: true})
}

func printApacheSite(w io.Writer, p Part, site apacheSite) error {
	rules, streamed, err := site.handed("Apache")
	if err != nil {
		return err
	}
	site.Streamed = streamed
	host, port, err := site.listen(p)
	if err != nil {
		return err
	}
	site.Address, site.Port = net.JoinHostPort(host, port), port
	if host == "" {
		site.Address = port
	}
	if _, err := apacheQuote(site.Folder); err != nil {
		return fmt.Errorf("folder: %w", err)
	}
	if site.Application, err = site.apacheUpstream(); err != nil {
		return fmt.Errorf("upstream: %w", err)
	}
	if site.Directories, err = destinations(rules, apacheQuote); err != nil {
		return err
	}
	site.Modules = []string{"mpm_event", "authz_core", "env", "proxy", "proxy_http", "xsendfile"}
	return write(w, apacheTexts, p, site)
}

// apacheUpstream returns the application's URL, in which a socket's path ends
// at the first of some characters.
func (s apacheSite) apacheUpstream() (string, error) {
	a, err := s.upstream()
	switch {
	case err != nil:
		return "", err
	case a.socket == "":
		return "http://" + net.JoinHostPort(a.host, a.port) + "/", nil
	case strings.ContainsAny(a.socket, "|?#%"):
		return "", fmt.Errorf("%q has one of | ? # %% in it, which end a path in Apache's URLs", a.socket)
	}
	url := "unix:" + a.socket + "|http://localhost/"
	_, err = apacheQuote(url)
	return url, err
}

func apacheQuote(s string) (string, error) {
	if strings.Contains(s, "${") {
		return "", fmt.Errorf("%q has %q in it, which Apache would replace", s, "${")
	}
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(s) + `"`, nil
}
