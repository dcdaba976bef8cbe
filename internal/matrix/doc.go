// Package matrix compares the answers that clients get through each proxy with the
// streamed ones: for every storage, name and kind of request, byte for byte and header
// for header. The differences are the table of docs/servers.md. The tests check that
// table, or write it if they run with -update.
package matrix
