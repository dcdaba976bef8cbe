package proxyconf

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
)

// A Part is how much of a configuration is printed.
type Part int

const (
	// Whole is a configuration that runs as it is, without privileges.
	Whole Part = iota
	// Fragment is what a configuration that is there already includes.
	Fragment
)

// A printer checks what its server can't express, and only then prints.
type printer func(w io.Writer, s Site, p Part) error

// printers has a line for each server that Print knows, with its version where
// that matters.
var printers = map[string]printer{
	"nginx":      printNginx,
	"apache":     printApache,
	"apache@1.0": printApache10,
	"lighttpd":   printLighttpd,
	"caddy":      printCaddy,
	"caddy@2.6":  printCaddy26,
}

// Servers returns the names that [Print] knows, sorted.
func Servers() []string { return slices.Sorted(maps.Keys(printers)) }

// Print writes a server's configuration for s. server is a name of [Servers].
//
// Every value of s is written such that the server takes it for a value,
// whatever it holds. What the server has no way to express is an error that
// names it, and then nothing is written.
func Print(w io.Writer, server string, s Site, p Part) error {
	print, ok := printers[server]
	if !ok {
		return fmt.Errorf("server %q is not known; want one of %s", server, strings.Join(Servers(), ", "))
	}
	if p != Whole && p != Fragment {
		return fmt.Errorf("part %d is not known; want Whole or Fragment", p)
	}
	if err := s.check(); err != nil {
		return err
	}
	return print(w, s, p)
}
