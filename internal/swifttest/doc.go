//go:build !unix

// Package swifttest runs a real distributed object store for tests, on systems
// that have users and signals.
package swifttest
