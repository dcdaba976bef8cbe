package config

import (
	"errors"
	"slices"
)

var (
	logFormats = []string{"text", "json", "off"}
	logLevels  = []string{"debug", "info", "warn", "error"}
)

// ParseLogFormat reads how a log is written. The error goes on after the text.
func ParseLogFormat(s string) (string, error) { return oneOf(s, logFormats) }

// ParseLogLevel reads from which level on a log has lines. The error goes on
// after the text.
func ParseLogLevel(s string) (string, error) { return oneOf(s, logLevels) }

// ParsePeer reads whom requests may come from: an address, a network or "unix".
// The error goes on after the text.
func ParsePeer(s string) (string, error) { return peer(s) }

func oneOf(s string, names []string) (string, error) {
	if !slices.Contains(names, s) {
		return "", errors.New("is unknown; " + suggestion(s, names))
	}
	return s, nil
}
