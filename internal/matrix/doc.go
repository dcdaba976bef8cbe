// Package matrix compares what clients get through each proxy with what they
// get streamed: for every storage, name and kind of request, byte for byte and
// header for header. What differs is the table of docs/servers.md, which the
// tests write with -update and otherwise check.
package matrix
