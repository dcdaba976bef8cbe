// Package command is the command downloadview without the clouds: storages at
// URLs are opened by the [Opener] that main passes in.
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

// What Run returns. Somebody who asks to stop gets exitOK.
const (
	exitOK      = 0
	exitFailure = 1 // a missing directory, a busy port, a bucket that can't be opened
	exitUsage   = 2 // a flag, rule or argument that can't mean anything
)

// An Opener opens the storage at a URL such as "s3://bucket", and asks nothing of
// its store. What it holds on to is released by the function that it returns. An
// error that is the fault of the URL is a [UsageError].
type Opener func(ctx context.Context, u *url.URL, r *Reach) (downloadview.Storage, func() error, error)

// A Checker tells what is wrong with the URL of a bucket, and opens nothing. The
// error goes on after the URL.
type Checker func(u *url.URL) error

// A UsageError is a command line that can't mean anything.
type UsageError struct{ Err error }

func (e *UsageError) Error() string { return e.Err.Error() }

// Unwrap returns the cause.
func (e *UsageError) Unwrap() error { return e.Err }

func usageErrorf(format string, args ...any) error {
	return &UsageError{fmt.Errorf(format, args...)}
}

// commands is the whole command line.
type commands struct {
	Serve   serve            `cmd:"" help:"Serve every file of a directory or bucket over HTTP."`
	Config  configure        `cmd:"" help:"Print the configuration of the proxy in front, or check that of downloadview."`
	Explain explain          `cmd:"" help:"Show how downloads would be answered, without sending them."`
	Doctor  examine          `cmd:"" help:"Check a running set-up, and say what to change."`
	Version kong.VersionFlag `help:"Show the version and exit."`
}

// environment is what a command may use of the world.
type environment struct {
	stdout io.Writer
	stderr io.Writer
	open   Opener
	checks []Checker
}

// Run runs the command line args, which don't include the program's name, and
// returns the exit status: 0 fine, 1 something failed, 2 usage. A failure is
// one line on stderr, or one for each thing that is wrong with a configuration
// file. Commands that stay in the foreground end when ctx is
// done, as they do on SIGINT and SIGTERM. The checks are for the URLs in a file
// that is looked at without opening what is in it.
func Run(ctx context.Context, args []string, stdout, stderr io.Writer, open Opener, checks ...Checker) int {
	var told bool // --help and --version end the run, whatever else is there
	parser := kong.Must(
		new(commands),
		kong.Name("downloadview"),
		kong.Description("Hand files to people: from a directory or a bucket, streamed or sent by the proxy in front."),
		words(),
		kong.Writers(stdout, stderr),
		kong.Exit(func(int) { told = true }),
		kong.ConfigureHelp(kong.HelpOptions{WrapUpperBound: 100}),
		kong.BindTo(ctx, (*context.Context)(nil)),
		kong.Bind(&environment{stdout, stderr, open, checks}),
	)
	line, err := parser.Parse(args)
	if err == nil && !told {
		err = checkEmpty(line)
	}
	switch {
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

// words are what the texts of the flags have in place of ${NAME}.
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

// asked returns whose help to see: that of the command that args name, or else
// of the one that most are here for.
func asked(args []string) string {
	if len(args) > 0 && slices.Contains([]string{"config", "explain", "doctor"}, args[0]) {
		return args[0] + " "
	}
	return "serve "
}

// oneLine returns the message of err with whatever could break a line, or
// steer a terminal, escaped.
func oneLine(err error) string { return printable.Text(err.Error()) }
