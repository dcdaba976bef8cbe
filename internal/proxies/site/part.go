package site

import "io"

// A Part is how much of a configuration is printed.
type Part int

const (
	// Whole is a configuration that runs as it is, without privileges.
	Whole Part = iota
	// Fragment is what a configuration that is there already includes.
	Fragment
)

// A Printer writes the configuration of one kind of server. It gets a Site that
// [Site.Check] accepts. It looks for what its server can't express, and only then
// writes.
type Printer func(w io.Writer, s Site, p Part) error
