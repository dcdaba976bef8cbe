package config

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"regexp"
	"strings"
)

// largestTypes bounds a file of media types, in bytes. That of Debian has 72 kB.
const largestTypes = 4 << 20

// ReadTypes reads a file of media types in the format of /etc/mime.types. The keys of
// the result are extensions in lower case, without a dot. If the text is wrong, the
// error is [Errors]. Any other error continues a sentence that begins with the file's
// name.
func ReadTypes(file string) (map[string]string, error) {
	fi, err := os.Stat(file) // opening a pipe might never return
	switch {
	case err != nil:
		return nil, err
	case !fi.Mode().IsRegular():
		return nil, errors.New("is not a regular file; want one such as /etc/mime.types")
	case fi.Size() > largestTypes:
		return nil, fmt.Errorf("has %d bytes; want a file such as /etc/mime.types, of %d at most", fi.Size(), largestTypes)
	}
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	return ParseTypes(file, text)
}

// ParseTypes is [ReadTypes] for a text that is in memory. Errors name it by file.
func ParseTypes(file string, text []byte) (map[string]string, error) {
	d := &document{file: file}
	if at := oddByte(text); at >= 0 {
		d.errorf(lineOf(text, at), "", "has the byte %q; want text in UTF-8, without control characters", text[at:at+1])
		return nil, d.sorted()
	}
	types := make(map[string]string)
	line := 0
	for s := range bytes.Lines(bytes.TrimPrefix(text, []byte("\ufeff"))) {
		line++
		s, _, _ := strings.Cut(string(s), "#")
		words := strings.Fields(s)
		if len(words) == 0 {
			continue
		}
		if err := checkTypeLine(words); err != nil {
			d.errorf(line, "", "%w", err)
			continue
		}
		for _, ext := range words[1:] {
			types[strings.ToLower(ext)] = words[0]
		}
	}
	if len(types) == 0 && len(d.errors) == 0 {
		d.errorf(1, "", "has no extension; want lines such as %q", "application/pdf pdf")
	}
	if len(d.errors) > 0 {
		return nil, d.sorted()
	}
	return types, nil
}

// mediaType matches a media type of RFC 6838, section 4.2, with or without parameters.
var mediaType = regexp.MustCompile("^[A-Za-z0-9][A-Za-z0-9!#$&^_.+-]*/[A-Za-z0-9][A-Za-z0-9!#$&^_.+-]*(;[A-Za-z0-9_-]+=[A-Za-z0-9!#$&^_.+-]+)*$")

// checkTypeLine returns what is wrong with a line, given as its words.
func checkTypeLine(words []string) error {
	const want = `want a media type and its extensions, such as "application/pdf pdf"`
	if last := words[len(words)-1]; strings.HasSuffix(last, ";") || last == "{" || last == "}" {
		return fmt.Errorf("ends in %q, as the mime.types of nginx does; %s", last[len(last)-1:], want)
	}
	if !mediaType.MatchString(words[0]) {
		return fmt.Errorf("%q is not a media type; %s", words[0], want)
	}
	for _, ext := range words[1:] {
		switch {
		case strings.HasPrefix(ext, "."):
			return fmt.Errorf("the extension %q begins with a dot; want %q", ext, strings.TrimLeft(ext, "."))
		case strings.ContainsAny(ext, `/\`):
			return fmt.Errorf("the extension %q has a slash in it; %s", ext, want)
		}
	}
	return nil
}
