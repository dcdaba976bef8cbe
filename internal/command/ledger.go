package command

import (
	"bufio"
	"bytes"
	"cmp"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strconv"
	"syscall"
	"time"

	"github.com/downloadview/downloadview/internal/config"
	"github.com/downloadview/downloadview/internal/printable"
	"github.com/downloadview/downloadview/ledger"
)

// foldLogs is the command "downloadview ledger".
type foldLogs struct {
	Files    []string `arg:"" name:"file" help:"The logs, the oldest first; compressed by gzip or not. \"-\" is the standard input. Or the URL of a store, such as that of serve --ledger, whose entries are printed."`
	JSON     bool     `name:"json" help:"Print each entry as a JSON object on a line of its own."`
	Open     *int     `placeholder:"N" help:"How many downloads are kept in memory until they are printed: 100000 unless this is set. They take about 75 MB."`
	Into     string   `placeholder:"STORE" help:"Print nothing, but add the lines of the log to the store of serve --ledger, while the proxy writes them, until a signal comes. The log is one file, which may be rotated meanwhile. Default: entries are printed."`
	Position string   `placeholder:"FILE" help:"With --into: the file in which it is remembered how far the log is read. Default: none, which --into refuses."`
}

// Help is the long part of --help.
func (*foldLogs) Help() string {
	return `The logs are those that "downloadview config SERVER --ledger FILE" makes nginx, Apache, lighttpd or Caddy write. They have the downloads that an application with package ledger handed over.

  downloadview ledger /var/log/nginx/downloads.log.2.gz /var/log/nginx/downloads.log.1 \
      /var/log/nginx/downloads.log

All requests for one download are one entry: ranges, retries, several connections. BYTES left the proxy, OF is the size of the file. END is "complete" if each byte of the file left, else it says how the last answer ended: "cut" if it broke off, "partial" if it was sent whole. Lines of other formats are ignored.

An entry is printed when its download had no request for 24 hours, at the latest at the end.

The entries of a store, which several servers share, and the bytes that nginx sends for them:

  downloadview ledger postgres://app@db/files

  downloadview ledger --into postgres://app@db/files \
      --position /var/lib/downloadview/downloads.position /var/log/nginx/downloads.log

The password of a store may be in the environment: in PGPASSWORD, in REDISCLI_AUTH, or in NATS_PASSWORD with NATS_USER.`
}

// stored prints the entries of a store.
func (f *foldLogs) stored(ctx context.Context, env *environment) error {
	place := f.Files[0]
	switch {
	case len(f.Files) > 1:
		return usageErrorf("ledger: got %d stores or files; want one store, or files", len(f.Files))
	case f.Open != nil:
		return usageErrorf("--open %d has no effect for the store %q; want it left out", *f.Open, config.ShownStore(place))
	}
	store, err := openLedgerStore(place)
	if err != nil {
		return usageErrorf("ledger: %w", err)
	}
	defer store.Close()
	ctx, stop := signal.NotifyContext(ctx, os.Interrupt, syscall.SIGTERM)
	defer stop()
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	silence := time.AfterFunc(longestSilence, cancel)
	defer silence.Stop()
	out := bufio.NewWriter(env.stdout)
	print := f.printer(out)
	err = store.All(ctx, func(e ledger.Entry) error {
		silence.Reset(longestSilence)
		return print(&e)
	})
	if err != nil {
		return fmt.Errorf("%s: %s", config.ShownStore(place), withoutSecrets(err.Error()))
	}
	return out.Flush()
}

// longestSilence is how long a store may send no entry.
const longestSilence = 15 * time.Second

// keptFor is how long a download stays open after its last request, in the time of the
// log.
const keptFor = 24 * time.Hour

// Run prints the entries, or adds them to a store.
func (f *foldLogs) Run(ctx context.Context, env *environment) error {
	switch {
	case f.Open != nil && *f.Open < 1:
		return usageErrorf("--open %d; want 1 or more", *f.Open)
	case f.Into != "":
		return f.follow(ctx, env)
	case f.Position != "":
		return usageErrorf("--position %q has no effect without --into; want both", f.Position)
	case hasScheme.MatchString(f.Files[0]):
		return f.stored(ctx, env)
	}
	out := bufio.NewWriter(env.stdout)
	l := f.fold(out)
	var unread error // what the files before have is printed all the same
	for _, name := range f.Files {
		err := l.file(name)
		switch {
		case l.err != nil:
			return l.err
		case unread == nil:
			unread = err
		case err != nil:
			unread = fmt.Errorf("%w; %w", unread, err)
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
	if unread != nil {
		return unread
	}
	if l.ours == 0 && l.lines > 0 {
		return errors.New("no line has the ledger's format; want a log of \"downloadview config SERVER --ledger FILE\"")
	}
	return nil
}

func (f *foldLogs) fold(out *bufio.Writer) *logFold {
	l := &logFold{print: f.printer(out), open: 100_000}
	if f.Open != nil {
		l.open = *f.Open
	}
	l.entries = ledger.NewMemory(&ledger.MemoryOptions{Most: l.open, Keep: keptFor, Done: l.done})
	return l
}

// printer returns a function that prints entries, and prints the heading if there is one.
func (f *foldLogs) printer(out *bufio.Writer) func(*ledger.Entry) error {
	if f.JSON {
		return func(e *ledger.Entry) error { return writeJSON(out, e, "") }
	}
	printHeading(out)
	return func(e *ledger.Entry) error { return printEntry(out, e) }
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
	l.wrong = 0
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

// compressions are those of logs that can't be read. Their lines would be taken for those of
// other formats.
var compressions = []struct{ name, magic string }{
	{"bzip2", "BZh91AY&SY"}, // as all tools compress unless they are told otherwise
	{"xz", "\xfd7zXZ\x00"},
	{"zstd", "\x28\xb5\x2f\xfd"},
}

// read reads a log, which is compressed if it begins as gzip does.
func (l *logFold) read(r io.Reader, name string) error {
	in := bufio.NewReaderSize(r, longestLog)
	magic, _ := in.Peek(10) // less at the end of the log
	for _, c := range compressions {
		if bytes.HasPrefix(magic, []byte(c.magic)) {
			return fmt.Errorf("%s is compressed by %s; want gzip, or none: downloadview ledger - reads the output of %s -dc", name, c.name, c.name)
		}
	}
	if bytes.HasPrefix(magic, []byte("\x1f\x8b")) {
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
