//go:build !linux

package localfile

// Large lets an open file have more than 2 GiB.
const Large = 0
