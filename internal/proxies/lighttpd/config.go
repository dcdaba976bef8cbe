package lighttpd

import (
	_ "embed"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"

	"github.com/downloadview/downloadview/internal/proxies/site"
)

//go:embed lighttpd.tmpl
var text string

var texts = site.Template(text, quote)

// conf has a Site's values in the form for lighttpd's configuration.
type conf struct {
	site.Site
	Bind, Port  string
	Host        string // of the application, or the path of its socket
	HostPort    string // "" with a socket
	Directories []string
	Streamed    []string // the names of rules
}

func Print(w io.Writer, s site.Site, p site.Part) error {
	rules, streamed, err := s.Handed("lighttpd")
	if err != nil {
		return err
	}
	c := conf{Site: s, Streamed: streamed}
	if c.Bind, c.Port, err = s.Listener(p); err != nil {
		return err
	}
	if strings.Contains(c.Bind, ":") {
		c.Bind = "[" + c.Bind + "]"
	}
	if _, err := quote(s.Folder); err != nil {
		return fmt.Errorf("folder: %w", err)
	}
	a, err := s.Application()
	if err != nil {
		return fmt.Errorf("upstream: %w", err)
	}
	c.Host, c.HostPort = a.Host, a.Port
	if a.Socket != "" {
		c.Host = a.Socket
	}
	if _, err := quote(c.Host); err != nil {
		return fmt.Errorf("upstream: %w", err)
	}
	if err := s.FileOfLedger("lighttpd", quote); err != nil {
		return err
	}
	if c.Directories, err = site.Destinations(rules, quote); err != nil {
		return err
	}
	return site.Write(w, texts, p, c)
}

// quote doesn't double backslashes: lighttpd keeps a backslash as it is, except
// before a quotation mark.
func quote(s string) (string, error) {
	switch {
	case !utf8.ValidString(s):
		return "", fmt.Errorf("%q is not UTF-8; lighttpd needs UTF-8 in X-Sendfile", s)
	case strings.HasSuffix(s, `\`):
		return "", fmt.Errorf("%q ends in a backslash; lighttpd's syntax can't express that", s)
	}
	return `"` + strings.ReplaceAll(s, `"`, `\"`) + `"`, nil
}
