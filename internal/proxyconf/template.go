package proxyconf

import (
	"bytes"
	"embed"
	"fmt"
	"io"
	"strings"
	"text/template"
)

//go:embed templates
var templates embed.FS

// texts parses the text of one server, which defines "whole" and "fragment".
// There quote writes a value as one word of the server's configuration, or says
// why that can't be.
func texts(name string, quote func(string) (string, error)) *template.Template {
	t := template.New(name)
	return template.Must(t.Funcs(template.FuncMap{
		"quote":  quote,
		"indent": indent,
		"execute": func(name string, data any) (string, error) {
			var b strings.Builder
			err := t.ExecuteTemplate(&b, name, data)
			return b.String(), err
		},
	}).ParseFS(templates, "templates/"+name+".tmpl"))
}

// write writes all of a part, or nothing.
func write(w io.Writer, t *template.Template, p Part, data any) error {
	var b bytes.Buffer
	name := map[Part]string{Whole: "whole", Fragment: "fragment"}[p]
	if err := t.ExecuteTemplate(&b, name, data); err != nil {
		return err
	}
	_, err := b.WriteTo(w)
	return err
}

// indent moves every line that has something on it.
func indent(by, s string) string {
	var b strings.Builder
	for line := range strings.Lines(s) {
		if line != "\n" {
			b.WriteString(by)
		}
		b.WriteString(line)
	}
	return b.String()
}

// listen returns where the proxy listens, which a part of its configuration
// needn't say.
func (s Site) listen(p Part) (host, port string, err error) {
	if p == Fragment {
		return "", "", nil
	}
	if host, port, err = hostPort(s.Listen); err != nil {
		return "", "", fmt.Errorf("listen %q %w", s.Listen, err)
	}
	return host, port, nil
}

// filesOnly refuses the rules that only nginx can follow.
func (s Site) filesOnly(server string) error {
	for _, r := range s.Rules {
		switch {
		case r.Origin != nil:
			return fmt.Errorf("rule %q: %s can't fetch signed URLs; such a rule is for nginx, and without it the application streams", r.name(), server)
		case r.LimitRate != 0:
			return fmt.Errorf("rule %q: %s can't limit the rate of a download to %d bytes a second; want 0", r.name(), server, r.LimitRate)
		}
	}
	return nil
}

// destinations returns the directories of rules whose destination is one, for
// servers that are told a file's path. Each is quoted, named in an error.
func (s Site) destinations(quote func(string) (string, error)) ([]string, error) {
	var dirs []string
	for _, r := range s.Rules {
		dir, err := Rule{Directory: r.Destination}.directory()
		if err == nil && dir == "" {
			err = fmt.Errorf("directory %q is all there is; want one that holds nothing but downloads", r.Destination)
		}
		if err == nil {
			_, err = quote(dir)
		}
		if err != nil {
			return nil, fmt.Errorf("rule %q: destination: %w", r.name(), err)
		}
		dirs = append(dirs, dir)
	}
	return dirs, nil
}
