package command

import (
	"bufio"
	"cmp"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"
	"time"

	"github.com/downloadview/downloadview/internal/printable"
	"github.com/downloadview/downloadview/ledger"
)

// foldLogs is the command "downloadview ledger".
type foldLogs struct {
	Files []string `arg:"" name:"file" help:"The logs, the oldest first; compressed by gzip or not. \"-\" is the standard input."`
	JSON  bool     `name:"json" help:"Print each entry as a JSON object on a line of its own."`
	Open  *int     `placeholder:"N" help:"How many downloads are kept in memory until they are printed: 100000 unless this is set. They take about 75 MB."`
}

// Help is the long part of --help.
func (*foldLogs) Help() string {
	return `The logs are those that "downloadview config SERVER --ledger FILE" makes nginx, Apache, lighttpd or Caddy write. They have the downloads that an application with package ledger handed over.

  downloadview ledger /var/log/nginx/downloads.log.2.gz /var/log/nginx/downloads.log.1 \
      /var/log/nginx/downloads.log

All requests for one download are one entry: ranges, retries, several connections. BYTES left the proxy, OF is the size of the file. END is "complete" if each byte of the file left, else it says how the last answer ended: "cut" if it broke off, "partial" if it was sent whole. Lines of other formats are ignored.

An entry is printed when its download had no request for 24 hours, at the latest at the end.`
}

// keptFor is how long a download stays open after its last request, in the time of the
// log.
const keptFor = 24 * time.Hour

// Run prints the entries.
func (f *foldLogs) Run(env *environment) error {
	if f.Open != nil && *f.Open < 1 {
		return usageErrorf("--open %d; want 1 or more", *f.Open)
	}
	out := bufio.NewWriter(env.stdout)
	l := f.fold(out)
	for _, name := range f.Files {
		if err := l.file(name); err != nil {
			return err
		}
		if l.wrong > 0 {
			fmt.Fprintf(env.stderr, "downloadview: %s: %d lines are wrong and left out; the first is line %d: %s\n", printable.Text(name), l.wrong, l.wrongAt, oneLine(l.reason))
		}
	}
	l.ended = true
	l.entries.Flush()
	if err := errors.Join(l.err, out.Flush()); err != nil {
		return err
	}
	if l.early > 0 {
		fmt.Fprintf(env.stderr, "downloadview: %d entries were printed early, because more than %d downloads were open; if they went on, they are printed twice; set --open higher\n", l.early, l.open)
	}
	if l.ours == 0 && l.lines > 0 {
		return errors.New("no line has the ledger's format; want a log of \"downloadview config SERVER --ledger FILE\"")
	}
	return nil
}

func (f *foldLogs) fold(out *bufio.Writer) *logFold {
	l := &logFold{print: func(e *ledger.Entry) error { return printEntry(out, e) }, open: 100_000}
	if f.JSON {
		l.print = func(e *ledger.Entry) error { return writeJSON(out, e, "") }
	} else {
		printHeading(out)
	}
	if f.Open != nil {
		l.open = *f.Open
	}
	l.entries = ledger.NewMemory(&ledger.MemoryOptions{Most: l.open, Keep: keptFor, Done: l.done})
	return l
}

// A logFold makes entries from logs.
type logFold struct {
	entries *ledger.Memory
	open    int
	print   func(*ledger.Entry) error
	err     error // of print

	latest time.Time // in the logs
	early  int       // entries that were printed because there were too many
	ended  bool      // all logs were read

	lines, ours    int   // of all logs
	wrong, wrongAt int   // of the current one, and where the first was
	reason         error // of that
}

func (l *logFold) done(e ledger.Entry) {
	if l.latest.Sub(e.Last) <= keptFor && !l.ended {
		l.early++
	}
	if err := l.print(&e); l.err == nil {
		l.err = err
	}
}

// file reads the log called name.
func (l *logFold) file(name string) error {
	if name == "-" {
		return l.read(os.Stdin, "standard input")
	}
	file, err := os.Open(name)
	if err != nil {
		return err
	}
	defer file.Close()
	return l.read(file, name)
}

// longestLog is the length in bytes of the longest line that is read.
const longestLog = 64 << 10

// read reads a log, which is compressed if it begins as gzip does.
func (l *logFold) read(r io.Reader, name string) error {
	l.wrong = 0
	in := bufio.NewReaderSize(r, longestLog)
	if magic, _ := in.Peek(2); string(magic) == "\x1f\x8b" {
		z, err := gzip.NewReader(in)
		if err != nil {
			return fmt.Errorf("read %s: %w", name, err)
		}
		in = bufio.NewReaderSize(z, longestLog)
	}
	for at := 1; ; at++ {
		line, more, err := in.ReadLine()
		if err == io.EOF {
			return nil
		}
		if err == nil && !more {
			l.add(line, at)
		}
		for more && err == nil { // the rest of a line that is too long
			_, more, err = in.ReadLine()
		}
		if err != nil && err != io.EOF {
			return fmt.Errorf("read %s: %w", name, err)
		}
		if l.err != nil {
			return l.err
		}
	}
}

func (l *logFold) add(line []byte, at int) {
	l.lines++
	p, ok, err := ledger.ParseLine(line)
	if !ok {
		return
	}
	l.ours++
	if err != nil {
		if l.wrong++; l.wrong == 1 {
			l.wrongAt, l.reason = at, err
		}
		return
	}
	if p.Time.After(l.latest) {
		l.latest = p.Time
	}
	ledger.AddPart(context.Background(), l.entries, p) // returns no error
}

// orDash returns s in a form to print; "-" if it isn't known.
func orDash(s string) string { return cmp.Or(printable.Text(s), "-") }

const entryForm = "%-20s %8s %8s %15s %15s  %-9s  %s  %s\n"

func printHeading(w io.Writer) {
	fmt.Fprintf(w, entryForm, "FIRST", "SECONDS", "REQUESTS", "BYTES", "OF", "END", "CLIENT", "FILE")
}

func printEntry(w io.Writer, e *ledger.Entry) error {
	size := "-"
	if e.Size >= 0 {
		size = strconv.FormatInt(e.Size, 10)
	}
	end := "partial"
	switch {
	case e.Complete:
		end = "complete"
	case e.Ended != "":
		end = e.Ended
	}
	_, err := fmt.Fprintf(w, entryForm, e.First.UTC().Format(time.RFC3339), strconv.FormatFloat(e.Last.Sub(e.First).Seconds(), 'f', 0, 64),
		strconv.Itoa(e.Requests()), strconv.FormatInt(e.Bytes, 10), size, end, orDash(e.Subject), orDash(e.Name))
	return err
}
