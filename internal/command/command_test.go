package command

import (
	"bytes"
	"errors"
	"strings"
	"testing"
)

// A full disk behind stdout is a failure, and no mistake in the command line.
func TestNoRoomForTheHelp(t *testing.T) {
	for _, args := range [][]string{{"--help"}, {"--version"}, {"serve", "--help"}, {"config", "nginx", "--help"}, {"--version", "serve"}} {
		var stderr bytes.Buffer
		if status := Run(t.Context(), args, noRoom{}, &stderr, openLocal); status != exitFailure || stderr.String() != "downloadview: no space left\n" {
			t.Errorf("%q: status %d, %q", args, status, &stderr)
		}
	}
}

type noRoom struct{}

func (noRoom) Write([]byte) (int, error) { return 0, errors.New("no space left") }

// For any arguments, a failure is one line that can't control a terminal.
func TestFailureIsOneLine(t *testing.T) {
	for _, args := range [][]string{
		{"serve", "a\nb", "c\x1b[2J\r"},
		{"serve", "--fr\nob", "."},
		{"serve", "no\nsuch\u202e"},
		{"serve", "--listen=unix:no/such\ndir/s", "."},
		{"serve", "--listen=\n", "."},
		{"serve", "--accel=nginx", "--rule=a=\n/\x00", "."},
		{"serve", "nosuch://\u2028x"},
		{"serve", "mem://x?\x1by"},
	} {
		var stdout, stderr bytes.Buffer
		status := Run(t.Context(), args, &stdout, &stderr, openLocal)
		if status != exitFailure && status != exitUsage {
			t.Errorf("Run(%q) = %d", args, status)
		}
		line, ended := strings.CutSuffix(stderr.String(), "\n")
		if !ended || !strings.HasPrefix(line, "downloadview: ") || strings.ContainsAny(line, "\n\r\x00\x1b\u202e\u2028") {
			t.Errorf("Run(%q) says %q, want one plain line", args, stderr.String())
		}
		if stdout.Len() > 0 {
			t.Errorf("Run(%q) prints %q", args, stdout.String())
		}
	}
}
