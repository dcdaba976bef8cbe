package proxyconf

import (
	"fmt"
	"io"
	"strings"
	"unicode/utf8"
)

var lighttpdTexts = texts("lighttpd", lighttpdQuote)

// lighttpdSite is a Site in the words of lighttpd's configuration.
type lighttpdSite struct {
	Site
	Bind, Port  string
	Host        string // of the application, or the path of its socket
	HostPort    string // "" with a socket
	Directories []string
	Streamed    []string // the names of rules
}

func printLighttpd(w io.Writer, s Site, p Part) error {
	rules, streamed, err := s.handed("lighttpd")
	if err != nil {
		return err
	}
	site := lighttpdSite{Site: s, Streamed: streamed}
	if site.Bind, site.Port, err = s.listen(p); err != nil {
		return err
	}
	if strings.Contains(site.Bind, ":") {
		site.Bind = "[" + site.Bind + "]"
	}
	if _, err := lighttpdQuote(s.Folder); err != nil {
		return fmt.Errorf("folder: %w", err)
	}
	a, err := s.upstream()
	if err != nil {
		return fmt.Errorf("upstream: %w", err)
	}
	site.Host, site.HostPort = a.host, a.port
	if a.socket != "" {
		site.Host = a.socket
	}
	if _, err := lighttpdQuote(site.Host); err != nil {
		return fmt.Errorf("upstream: %w", err)
	}
	if site.Directories, err = destinations(rules, lighttpdQuote); err != nil {
		return err
	}
	return write(w, lighttpdTexts, p, site)
}

// lighttpdQuote knows that lighttpd takes a backslash for itself but before a
// quotation mark.
func lighttpdQuote(s string) (string, error) {
	switch {
	case !utf8.ValidString(s):
		return "", fmt.Errorf("%q is not UTF-8, which X-Sendfile has to be for lighttpd", s)
	case strings.HasSuffix(s, `\`):
		return "", fmt.Errorf("%q ends in a backslash, which lighttpd has no way to write", s)
	}
	return `"` + strings.ReplaceAll(s, `"`, `\"`) + `"`, nil
}
