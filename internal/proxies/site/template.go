package site

import (
	"bytes"
	"io"
	"strings"
	"text/template"
)

// Template parses the text of one server, which must define "whole" and "fragment".
// quote is a function for the text: it writes a value as one word of the server's
// configuration, or returns an error if that is not possible.
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

// Write writes a whole part, or nothing if the template fails.
func Write(w io.Writer, t *template.Template, p Part, data any) error {
	var b bytes.Buffer
	name := map[Part]string{Whole: "whole", Fragment: "fragment"}[p]
	if err := t.ExecuteTemplate(&b, name, data); err != nil {
		return err
	}
	_, err := b.WriteTo(w)
	return err
}

// indent indents every line that isn't empty.
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
