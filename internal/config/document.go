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

// A document is a file that is being read, and what was found wrong.
type document struct {
	file   string
	errors Errors
	later  []func()
}

// check has f called when all has been read.
func (d *document) check(f func()) { d.later = append(d.later, f) }

func (d *document) errorf(line int, key, format string, args ...any) {
	d.errors = append(d.errors, &Error{d.file, line, key, fmt.Errorf(format, args...)})
}

// parse returns the top of the one document that text is; false: it is none.
func (d *document) parse(text []byte) (value, bool) {
	if at := oddByte(text); at >= 0 {
		d.errorf(lineOf(text, at), "", "has the byte %q, and is no text in UTF-8", text[at:at+1])
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
		d.errorf(max(next.Line, top.line), "", `another document begins after "---"; want one in a file`)
	case err != io.EOF:
		d.malformed(text, err)
	}
	return top, true
}

// malformed says where text stops being YAML.
func (d *document) malformed(text []byte, err error) {
	line, message := 1, err.Error()
	var load *yaml.LoadError
	if errors.As(err, &load) {
		line, message = max(load.Mark.Line, 1), strings.TrimPrefix(load.Message, "yaml: ")
		if load.ContextMsg != "" {
			message = load.ContextMsg + ": " + message
		}
	}
	if lines := bytes.Split(text, []byte("\n")); line <= len(lines) && bytes.HasPrefix(bytes.TrimLeft(lines[line-1], " "), []byte("\t")) {
		message = "a tab can't indent; want spaces"
	}
	d.errorf(line, "", "not YAML: %s", message)
}

// oddByte returns where the first byte is that no text has, or -1.
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
