// Package command is the command downloadview without the clouds: storages at
// URLs are opened by the [Opener] that main passes in.
package command

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/url"
	"strconv"
	"strings"
	"unicode"

	"github.com/alecthomas/kong"

	"github.com/downloadview/downloadview"
)

// What Run returns. Somebody who asks to stop gets exitOK.
const (
	exitOK      = 0
	exitFailure = 1 // a missing directory, a busy port, a bucket that can't be opened
	exitUsage   = 2 // a flag, rule or argument that can't mean anything
)

// An Opener opens the storage at a URL such as "s3://bucket". What it holds on
// to is released by the function that it returns. An error that is the fault
// of the URL is a [UsageError].
type Opener func(ctx context.Context, u *url.URL) (downloadview.Storage, func() error, error)

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
	Version kong.VersionFlag `help:"Show the version and exit."`
}

// environment is what a command may use of the world.
type environment struct {
	stderr io.Writer
	open   Opener
}

// Run runs the command line args, which don't include the program's name, and
// returns the exit status: 0 fine, 1 something failed, 2 usage. A failure is
// one line on stderr. Commands that stay in the foreground end when ctx is
// done, as they do on SIGINT and SIGTERM.
func Run(ctx context.Context, args []string, stdout, stderr io.Writer, open Opener) int {
	var told bool // --help and --version end the run, whatever else is there
	parser := kong.Must(
		new(commands),
		kong.Name("downloadview"),
		kong.Description("Hand files to people: from a directory or a bucket, streamed or sent by the proxy in front."),
		kong.Vars{"version": version(), "schemes": "s3://, gs://, azblob://, file://, mem://"},
		kong.Writers(stdout, stderr),
		kong.Exit(func(int) { told = true }),
		kong.ConfigureHelp(kong.HelpOptions{WrapUpperBound: 100}),
		kong.BindTo(ctx, (*context.Context)(nil)),
		kong.Bind(&environment{stderr, open}),
	)
	line, err := parser.Parse(args)
	switch {
	case told:
		return exitOK
	case err != nil:
		fmt.Fprintf(stderr, "downloadview: %s; see downloadview serve --help\n", oneLine(err))
		return exitUsage
	}
	err = line.Run()
	var usage *UsageError
	switch {
	case err == nil:
		return exitOK
	case errors.As(err, &usage):
		fmt.Fprintf(stderr, "downloadview: %s\n", oneLine(err))
		return exitUsage
	default:
		fmt.Fprintf(stderr, "downloadview: %s\n", oneLine(err))
		return exitFailure
	}
}

// oneLine returns the message of err with whatever could break a line, or
// steer a terminal, escaped.
func oneLine(err error) string {
	var b strings.Builder
	for _, r := range err.Error() {
		if unicode.IsPrint(r) {
			b.WriteRune(r)
			continue
		}
		q := strconv.QuoteRune(r)
		b.WriteString(q[1 : len(q)-1])
	}
	return b.String()
}
