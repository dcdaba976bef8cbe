package site

import (
	"bytes"
	"io"
	"strings"
	"text/template"
)

// Template parses the text of one server, which defines "whole" and "fragment".
// There quote writes a value as one word of the server's configuration, or says
// why that can't be.
func Template(text string, quote func(string) (string, error)) *template.Template {
	t := template.New("")
	return template.Must(t.Funcs(template.FuncMap{
		"quote":  quote,
		"indent": indent,
		"execute": func(name string, data any) (string, error) {
			var b strings.Builder
			err := t.ExecuteTemplate(&b, name, data)
			return b.String(), err
		},
	}).Parse(text))
}

// Write writes all of a part, or nothing.
func Write(w io.Writer, t *template.Template, p Part, data any) error {
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
