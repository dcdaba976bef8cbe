// Package swifttest runs a real distributed object store for tests: OpenStack
// Swift on three storage nodes, each with a copy of every object, behind a
// gateway with the S3 API that checks signatures. It runs only on Linux, as
// Swift does.
package swifttest
