package gocloud

import "strings"

// isUnfinished reports whether key is like a name under which a bucket of local
// files writes a new file beside the old one: the file's name, the time in
// nanoseconds in hex, and ".tmp".
func isUnfinished(key string) bool {
	name, ok := strings.CutSuffix(key, ".tmp")
	dot := strings.LastIndexByte(name, '.')
	if !ok || dot < 0 || len(name)-dot != len(".1798761600000000") {
		return false
	}
	return strings.Trim(name[dot+1:], "0123456789abcdef") == ""
}
