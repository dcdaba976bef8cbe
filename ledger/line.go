package ledger

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
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

// AddLine adds a line of a proxy's log to s, as [AddPart] does. It does nothing for lines
// of other formats. The error is a [LineError], or that of s.
func AddLine(ctx context.Context, s Store, line []byte) error {
	return AddLineAt(ctx, s, line, Position{})
}

// AddLineAt is [AddLine] for a line that ends at a position of [Follow]. If the lines
// before were added too, a line that is added again doesn't count again: so a program that
// was killed may go on at an earlier position.
func AddLineAt(ctx context.Context, s Store, line []byte, at Position) error {
	p, ok, err := ParseLine(line)
	if err != nil || !ok {
		return err
	}
	p.Log = at
	return AddPart(ctx, s, p)
}

// ParseLine reads a line of a proxy's log in the format that "downloadview config
// SERVER --ledger" prints. Such a line of nginx begins with "downloadview/nginx", those of
// Apache and lighttpd are alike, and Caddy writes JSON. A header of syslog may stand
// before it, and a line break at its end is ignored. ok is false for lines of other
// formats, and for requests that were not handed over. The subject of the part is the
// address of the proxy's client. Its name is what the log has: the path of the internal
// location at nginx, that of the file at Apache, that of the request at Caddy, and nothing
// at lighttpd. An error is a [LineError].
func ParseLine(line []byte) (p Part, ok bool, err error) {
	line = bytes.TrimRight(withoutSyslog(line), "\r\n")
	if rest, ours := bytes.CutPrefix(line, []byte("downloadview/")); ours {
		name, rest, _ := bytes.Cut(rest, []byte(" "))
		server, known := textLogs[string(name)]
		if !known {
			return Part{}, false, nil
		}
		var words [wordsOfLine]string
		if words, err = split(string(rest)); err == nil {
			if words[idWord] == "-" {
				return Part{}, false, nil
			}
			p, err = part(words, server)
		}
		ok = true
	} else if bytes.HasPrefix(line, []byte("{")) {
		p, ok, err = parseCaddy(line)
	}
	if err != nil {
		return Part{}, true, &LineError{err}
	}
	return p, ok, nil
}

// A textLog says what the words of one server mean.
type textLog struct {
	whole, cut []string // the words for how an answer ended

	// planned says that the number of bytes is what the answer should have had. If it
	// was cut, only the bytes on the wire are known, with those of the header.
	planned bool
}

var textLogs = map[string]textLog{
	"nginx":    {whole: []string{"OK"}, cut: []string{"", "-"}},
	"apache":   {whole: []string{"+", "-"}, cut: []string{"X"}, planned: true},
	"lighttpd": {whole: []string{"+", "-"}, cut: []string{"X"}},
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

// wordsOfLine is how many words follow the name of the server. One of them is the ID.
const (
	wordsOfLine = 13
	idWord      = 2
)

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
func part(words [wordsOfLine]string, server textLog) (Part, error) {
	p := Part{Kind: Logged, ID: words[idWord], Download: Download{Subject: words[11], Name: given(words[12])}.shortened()}
	at, ok := parseSeconds(words[0])
	if !ok {
		return p, fmt.Errorf("its time is %q, want seconds", words[0])
	}
	took, ok := parseDuration(words[1])
	if !ok {
		return p, fmt.Errorf("its duration is %q, want seconds", words[1])
	}
	p.Time = time.Unix(0, 0).Add(at)
	p.Began = p.Time.Add(-took)
	if !isID(p.ID) {
		return p, fmt.Errorf("its ID is %q", p.ID)
	}
	status, err := strconv.ParseUint(words[4], 10, 16)
	if err != nil {
		return p, fmt.Errorf("its status is %q", words[4])
	}
	a := answer{method: words[3], status: int(status), contentRange: given(words[8]), contentLength: given(words[9]), tag: given(words[10])}
	if a.bytes, ok = parseCount(words[5]); !ok && words[5] != "-" {
		return p, fmt.Errorf("its number of bytes is %q", words[5])
	}
	wire, ok := parseCount(words[6])
	if !ok && words[6] != "-" {
		return p, fmt.Errorf("its number of bytes on the wire is %q", words[6])
	}
	switch {
	case slices.Contains(server.cut, words[7]):
		a.ended = Cut
		if server.planned { // so that the answer never counts as whole
			a.bytes = max(0, min(wire, a.bytes-1))
		}
	case !slices.Contains(server.whole, words[7]):
		return p, fmt.Errorf("its end is %q", words[7])
	}
	a.fill(&p)
	return p, nil
}

// isID reports whether an ID of a log can be one: visible ASCII characters, and not too
// many.
func isID(s string) bool {
	const longest = 128
	return s != "" && len(s) <= longest && !strings.ContainsFunc(s, func(r rune) bool { return r <= ' ' || r > '~' })
}

// given returns a value of a log, in which "-" means that there is none.
func given(word string) string {
	if word == "-" {
		return ""
	}
	return word
}

// parseDuration parses seconds with a fraction, or microseconds with the unit "us". If the
// clock was set back meanwhile, Apache and lighttpd write fewer than none, which are 0.
func parseDuration(s string) (time.Duration, bool) {
	micros, ok := strings.CutSuffix(s, "us")
	if !ok {
		return parseSeconds(s)
	}
	micros, back := strings.CutPrefix(micros, "-")
	n, ok := parseCount(micros)
	if !ok || n > 1<<50 {
		return 0, false
	}
	if back {
		n = 0
	}
	return time.Duration(n) * time.Microsecond, true
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
