package config

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"

	"go.yaml.in/yaml/v4"
)

// A document is a file that is being read, with the errors found so far.
type document struct {
	file   string
	errors Errors
	later  []func()
}

// check registers f, which is called after the whole file is read.
func (d *document) check(f func()) { d.later = append(d.later, f) }

func (d *document) errorf(line int, key, format string, args ...any) {
	d.errors = append(d.errors, &Error{d.file, line, key, fmt.Errorf(format, args...)})
}

// parse returns the top value of text, and whether text could be read: it must be
// YAML, in UTF-8, and not empty.
func (d *document) parse(text []byte) (value, bool) {
	if at := oddByte(text); at >= 0 {
		d.errorf(lineOf(text, at), "", "has the byte %q; want text in UTF-8, without control characters", text[at:at+1])
		return value{}, false
	}
	loader, err := yaml.NewLoader(bytes.NewReader(text))
	if err != nil {
		d.errorf(1, "", "not YAML: %w", err)
		return value{}, false
	}
	var n, next yaml.Node
	switch err := loader.Load(&n); {
	case err == io.EOF || err == nil && len(n.Content) == 0:
		d.errorf(1, "", `is empty; want at least a storage, such as "storages: {media: /srv/media}"`)
		return value{}, false
	case err != nil:
		d.malformed(text, err)
		return value{}, false
	}
	if !d.checkAliases(n.Content[0]) {
		return value{}, false
	}
	top := value{d: d, node: n.Content[0], line: n.Content[0].Line}
	switch err := loader.Load(&next); {
	case err == nil:
		d.errorf(max(next.Line, top.line), "", `another document begins after "---"; want one document in a file`)
	case err != io.EOF:
		d.malformed(text, err)
	}
	return top, true
}

// malformed adds an error with the line at which text is not YAML.
func (d *document) malformed(text []byte, err error) {
	line, message := 1, err.Error()
	var load *yaml.LoadError
	if errors.As(err, &load) {
		line, message = max(load.Mark.Line, 1), strings.TrimPrefix(load.Message, "yaml: ")
		if load.ContextMsg != "" {
			message = load.ContextMsg + ": " + message
		}
	}
	lines := bytes.Split(text, []byte("\n"))
	switch {
	case line > len(lines):
	case bytes.HasPrefix(bytes.TrimLeft(lines[line-1], " "), []byte("\t")):
		message = "the line is indented by a tab; want spaces"
	case bytes.HasPrefix(bytes.TrimPrefix(lines[line-1], []byte("\ufeff")), []byte("%YAML")): // such as of 1.2
		d.errorf(line, "", "has a directive %%YAML of a version that this program doesn't know; want the line left out")
		return
	}
	d.errorf(line, "", "not YAML: %s", message)
}

// oddByte returns the index of the first byte that is not UTF-8, or that is a control
// character other than a line break or a tab. It returns -1 if there is none.
func oddByte(text []byte) int {
	for i := 0; i < len(text); {
		r, size := utf8.DecodeRune(text[i:])
		if r == utf8.RuneError && size == 1 || r < ' ' && r != '\n' && r != '\r' && r != '\t' || r == 0x7f {
			return i
		}
		i += size
	}
	return -1
}

func lineOf(text []byte, at int) int { return 1 + bytes.Count(text[:at], []byte("\n")) }
