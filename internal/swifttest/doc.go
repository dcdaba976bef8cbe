// Package swifttest runs a real distributed object store for tests: OpenStack
// Swift on three storage nodes, which keep a copy of every object each, behind a
// gateway that speaks S3 and checks signatures. It is for Linux alone, as Swift
// is.
package swifttest
