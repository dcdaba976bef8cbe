package ledger

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// A LineError is a line of a proxy's log that has the ledger's format and is wrong, such
// as one that was cut off.
type LineError struct{ Err error }

func (e *LineError) Error() string { return "line of a log: " + e.Err.Error() }

// Unwrap returns the cause.
func (e *LineError) Unwrap() error { return e.Err }

// AddLine adds a line of a proxy's log to s. It does nothing for lines of other formats.
// The error is a [LineError], or that of s.
func AddLine(ctx context.Context, s Store, line []byte) error {
	p, ok, err := ParseLine(line)
	if err != nil || !ok {
		return err
	}
	return s.Add(ctx, p)
}

// ParseLine reads a line of a proxy's log in the format that "downloadview config
// --ledger" prints: for nginx, such a line begins with "downloadview/nginx". A header of
// syslog may stand before it, and a line break at its end is ignored. ok is false for
// lines of other formats. The subject of the part is the address of the proxy's client,
// and its name is the path at the proxy. An error is a [LineError].
func ParseLine(line []byte) (p Part, ok bool, err error) {
	line = bytes.TrimRight(withoutSyslog(line), "\r\n")
	rest, ok := bytes.CutPrefix(line, []byte("downloadview/"))
	if !ok {
		return Part{}, false, nil
	}
	name, rest, _ := bytes.Cut(rest, []byte(" "))
	ended, ok := endings[string(name)]
	if !ok {
		return Part{}, false, nil
	}
	words, err := split(string(rest))
	if err == nil {
		p, err = part(words, ended)
	}
	if err != nil {
		return Part{}, true, &LineError{err}
	}
	return p, true, nil
}

// endings tell how an answer ended, from the words of each server. "" means that all of
// it was sent.
var endings = map[string]func(word string) (string, bool){
	"nginx": func(word string) (string, bool) {
		switch word {
		case "OK":
			return "", true
		case "", "-":
			return Cut, true
		}
		return "", false
	},
}

// withoutSyslog removes "<PRI>Mmm dd hh:mm:ss TAG: " from the front of a line.
func withoutSyslog(line []byte) []byte {
	if len(line) == 0 || line[0] != '<' {
		return line
	}
	_, message, ok := bytes.Cut(line, []byte(": "))
	if !ok {
		return line
	}
	return message
}

// wordsOfLine is how many words follow the name of the server.
const wordsOfLine = 12

// split splits a line at its spaces. A word in quotes may have spaces and escapes.
func split(line string) (words [wordsOfLine]string, err error) {
	n := 0
	for ; len(line) > 0; n++ {
		if n == wordsOfLine {
			return words, fmt.Errorf("it has more than %d words", wordsOfLine)
		}
		if line[0] != '"' {
			words[n], line, _ = strings.Cut(line, " ")
			continue
		}
		end := closingQuote(line)
		if end < 0 {
			return words, errors.New("it has a quote that doesn't end")
		}
		if words[n], err = unescape(line[1:end]); err != nil {
			return words, err
		}
		if line = line[end+1:]; len(line) > 0 {
			if line[0] != ' ' {
				return words, errors.New("it has no space after a quote")
			}
			line = line[1:]
		}
	}
	if n < wordsOfLine {
		return words, fmt.Errorf("it has %d words, want %d", n, wordsOfLine)
	}
	return words, nil
}

// closingQuote returns the index of the quote that ends the word at the front of line;
// -1: there is none.
func closingQuote(line string) int {
	for i := 1; i < len(line); i++ {
		switch line[i] {
		case '\\':
			i++
		case '"':
			return i
		}
	}
	return -1
}

// unescape replaces \xHH, \", \\ and the usual short escapes. nginx writes the first
// only, other servers write the others too.
func unescape(s string) (string, error) {
	if strings.IndexByte(s, '\\') < 0 {
		return s, nil
	}
	out := make([]byte, 0, len(s))
	for i := 0; i < len(s); i++ {
		if s[i] != '\\' {
			out = append(out, s[i])
			continue
		}
		if i++; i == len(s) {
			return "", errors.New("it has an escape that doesn't end")
		}
		if s[i] != 'x' {
			if at := strings.IndexByte(shortEscapes, s[i]); at >= 0 {
				out = append(out, escaped[at])
				continue
			}
			return "", fmt.Errorf("it has the escape %q", `\`+s[i:i+1])
		}
		if i+2 >= len(s) {
			return "", errors.New("it has an escape that doesn't end")
		}
		c, err := strconv.ParseUint(s[i+1:i+3], 16, 8)
		if err != nil {
			return "", fmt.Errorf("it has the escape %q", `\`+s[i:i+3])
		}
		out, i = append(out, byte(c)), i+2
	}
	return string(out), nil
}

const (
	shortEscapes = `"\abfnrtv`
	escaped      = "\"\\\a\b\f\n\r\t\v"
)

// part returns the part that the words of a line describe.
func part(words [wordsOfLine]string, ended func(string) (string, bool)) (Part, error) {
	p := Part{Kind: Logged, ID: words[2], Download: Download{Subject: words[10], Name: words[11]}}
	var ok bool
	if p.Time, ok = parseTime(words[0]); !ok {
		return p, fmt.Errorf("its time is %q, want seconds", words[0])
	}
	took, ok := parseSeconds(words[1])
	if !ok {
		return p, fmt.Errorf("its duration is %q, want seconds", words[1])
	}
	p.Began = p.Time.Add(-took)
	if p.ID == "" || p.ID == "-" || len(p.ID) > longestID {
		return p, fmt.Errorf("its ID is %q", p.ID)
	}
	status, err := strconv.ParseUint(words[4], 10, 16)
	if err != nil {
		return p, fmt.Errorf("its status is %q", words[4])
	}
	a := answer{method: words[3], status: int(status), contentRange: given(words[7]), contentLength: given(words[8]), tag: given(words[9])}
	if a.bytes, ok = parseCount(words[5]); !ok && words[5] != "-" {
		return p, fmt.Errorf("its number of bytes is %q", words[5])
	}
	if a.ended, ok = ended(words[6]); !ok {
		return p, fmt.Errorf("its end is %q", words[6])
	}
	a.fill(&p)
	return p, nil
}

// longestID is the length of the longest ID that is taken from a log.
const longestID = 128

// given returns a value of a log, in which "-" means that there is none.
func given(word string) string {
	if word == "-" {
		return ""
	}
	return word
}

// parseTime parses Unix seconds with a fraction, such as "1764190000.123".
func parseTime(s string) (time.Time, bool) {
	d, ok := parseSeconds(s)
	return time.Unix(0, 0).Add(d), ok
}

// parseSeconds parses seconds with a fraction of up to nine digits.
func parseSeconds(s string) (time.Duration, bool) {
	whole, fraction, _ := strings.Cut(s, ".")
	n, ok := parseCount(whole)
	if !ok || n > 1<<33 || len(fraction) > 9 {
		return 0, false
	}
	d := time.Duration(n) * time.Second
	if fraction != "" {
		f, ok := parseCount(fraction + "000000000"[len(fraction):])
		if !ok {
			return 0, false
		}
		d += time.Duration(f)
	}
	return d, true
}
