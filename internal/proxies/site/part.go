package site

import "io"

// A Part is how much of a configuration is printed.
type Part int

const (
	// Whole is a complete configuration that runs without privileges.
	Whole Part = iota
	// Fragment is a part for an existing configuration to include.
	Fragment
)

// A Printer writes the configuration of one kind of server. It gets a Site that
// [Site.Check] accepts. If its server's syntax can't express a value, it returns an
// error and writes nothing.
type Printer func(w io.Writer, s Site, p Part) error
