package config

import (
	"errors"
	"slices"
)

var (
	logFormats = []string{"text", "json", "off"}
	logLevels  = []string{"debug", "info", "warn", "error"}
)

// ParseLogFormat reads the format of a log: text, json or off. The error continues a
// sentence that begins with s.
func ParseLogFormat(s string) (string, error) { return oneOf(s, logFormats) }

// ParseLogLevel reads the lowest level that is logged: debug, info, warn or error.
// The error continues a sentence that begins with s.
func ParseLogLevel(s string) (string, error) { return oneOf(s, logLevels) }

// ParsePeer reads an address, a network or "unix", from which requests may come. The
// error continues a sentence that begins with s.
func ParsePeer(s string) (string, error) { return peer(s) }

func oneOf(s string, names []string) (string, error) {
	if !slices.Contains(names, s) {
		return "", errors.New("is unknown; " + suggestion(s, names))
	}
	return s, nil
}
