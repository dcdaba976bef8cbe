// Package command is the command downloadview without the clouds. Package main passes
// in an [Opener], which opens the storages at URLs.
package command

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/url"
	"slices"
	"strings"

	"github.com/alecthomas/kong"

	"github.com/downloadview/downloadview"
	"github.com/downloadview/downloadview/internal/config"
	"github.com/downloadview/downloadview/internal/printable"
	"github.com/downloadview/downloadview/internal/proxies"
)

// The exit statuses that Run returns.
const (
	exitOK      = 0 // also after a signal to stop
	exitFailure = 1 // a missing directory, a busy port, a bucket that can't be opened
	exitUsage   = 2 // a wrong flag, rule or argument
)

// An Opener opens the storage at a URL such as "s3://bucket", without a request to its
// store. The function that it returns releases the storage. If the URL is wrong, the
// error is a [UsageError].
type Opener func(ctx context.Context, u *url.URL, r *Reach) (downloadview.Storage, func() error, error)

// A Checker returns an error if the URL of a bucket is wrong. It opens nothing. The
// error continues a sentence that begins with the URL.
type Checker func(u *url.URL) error

// A UsageError is a mistake in the command line or in the configuration file. The exit
// status is 2.
type UsageError struct{ Err error }

func (e *UsageError) Error() string { return e.Err.Error() }

// Unwrap returns the cause.
func (e *UsageError) Unwrap() error { return e.Err }

func usageErrorf(format string, args ...any) error {
	return &UsageError{fmt.Errorf(format, args...)}
}

// commands is the whole command line.
type commands struct {
	Serve   serve     `cmd:"" help:"Serve every file of a directory or bucket over HTTP."`
	Config  configure `cmd:"" help:"Print the configuration of the proxy in front, or check a configuration file of downloadview."`
	Explain explain   `cmd:"" help:"Show how downloads would be answered, without sending them."`
	Doctor  examine   `cmd:"" help:"Check a running set-up, and say what to change."`
	Key     keyFile   `cmd:"" help:"Make or check a key file for signed links."`
	Sign    sign      `cmd:"" help:"Sign a link to a file, which needs no other permission then."`
	Ledger  foldLogs  `cmd:"" help:"Read logs of a proxy, and print an entry for each download."`

	Completion    printCompletion `cmd:"" help:"Print the script that makes a shell complete command lines."`
	CompleteWords completeWords   `cmd:"" hidden:""`
	Man           printManual     `cmd:"" hidden:""`

	Version kong.VersionFlag `help:"Show the version and exit."`
}

// environment has the things outside the command line that a command uses.
type environment struct {
	stdout io.Writer
	stderr io.Writer
	open   Opener
	checks []Checker
}

// Run runs the command line args, which don't include the program's name, and returns
// the exit status: 0 for success, 1 for a failure, 2 for a wrong command line. A
// failure is one line on stderr; a wrong configuration file is one line for each of its
// errors. Commands that run in the foreground end when ctx is done, and on SIGINT and
// SIGTERM. "config check" calls the checks for the URLs in the file.
func Run(ctx context.Context, args []string, stdout, stderr io.Writer, open Opener, checks ...Checker) int {
	var told bool // --help and --version end the run, whatever other arguments there are
	text := &printing{w: stdout}
	parser := kong.Must(new(commands), append(flagValues(),
		kong.Name("downloadview"),
		kong.Description("Serve downloads from a directory or a bucket. They are streamed, or sent by the proxy in front."),
		words(),
		kong.Writers(text, stderr),
		kong.Exit(func(int) { told = true }),
		kong.ConfigureHelp(kong.HelpOptions{WrapUpperBound: 100}),
		kong.BindTo(ctx, (*context.Context)(nil)),
		kong.Bind(&environment{stdout, stderr, open, checks}),
	)...)
	line, err := parser.Parse(args)
	if err == nil && !told {
		err = checkEmpty(line)
	}
	switch {
	case text.err != nil:
		fmt.Fprintf(stderr, "downloadview: %s\n", oneLine(text.err))
		return exitFailure
	case told:
		return exitOK
	case err != nil:
		fmt.Fprintf(stderr, "downloadview: %s; see downloadview %s--help\n", oneLine(err), asked(args))
		return exitUsage
	}
	err = line.Run()
	if err == nil {
		return exitOK
	}
	var wrong config.Errors
	if errors.As(err, &wrong) {
		for _, e := range wrong {
			fmt.Fprintln(stderr, oneLine(e))
		}
	} else {
		fmt.Fprintf(stderr, "downloadview: %s\n", oneLine(err))
	}
	var usage *UsageError
	if errors.As(err, &usage) {
		return exitUsage
	}
	return exitFailure
}

// printing is a writer that remembers its first error, which package kong drops for
// --version, and returns for --help as if the command line were wrong.
type printing struct {
	w   io.Writer
	err error
}

func (t *printing) Write(p []byte) (int, error) {
	n, err := t.w.Write(p)
	if t.err == nil {
		t.err = err
	}
	return n, err
}

// words returns the values of ${NAME} in the texts of the flags.
func words() kong.Vars {
	located := func(p proxies.Proxy) bool { return p.Locations }
	fetches := func(p proxies.Proxy) bool { return p.Accel().URLField != "" }
	drops := func(p proxies.Proxy) bool { return !p.Accel().Terms.KeepsSafety }
	var versions, judging []string
	for _, p := range proxies.All() {
		if p.Versions != "" {
			versions = append(versions, fmt.Sprintf("%s (%s)", p.Name, p.Versions))
		}
		if p.Accel().Terms.Validators == downloadview.ProxyValidators {
			judging = append(judging, p.Name)
		}
	}
	slices.Reverse(versions)
	return kong.Vars{
		"version":     version(),
		"schemes":     "s3://, gs://, azblob://, file://, mem://",
		"servers":     strings.Join(proxies.Names(), ", "),
		"proxies":     proxies.Or(proxies.Servers()),
		"versions":    proxies.Or(versions),
		"locations":   proxies.And(proxies.Where(located)),
		"fetching":    proxies.Or(proxies.Where(fetches)),
		"dropping":    proxies.Or(proxies.Where(drops)),
		"judging":     strings.Join(judging, ", "),
		"directories": proxies.And(proxies.Where(func(p proxies.Proxy) bool { return !located(p) })),
	}
}

// asked returns the command whose help an error refers to, with a space at its end: the
// one that args name, or else serve.
func asked(args []string) string {
	if len(args) > 0 && slices.Contains([]string{"config", "explain", "doctor", "key", "sign", "ledger", "completion"}, args[0]) {
		return args[0] + " "
	}
	return "serve "
}

// oneLine returns the message of err without the tokens of links. Characters that could
// break a line or control a terminal are escaped.
func oneLine(err error) string { return printable.Text(withoutTokens(err.Error())) }
