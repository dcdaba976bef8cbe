package gocloud

import "strings"

// isUnfinished tells whether a key has the name that a bucket of local files
// gives to what it writes beside the file: its own, the time in nanoseconds in
// hex, and ".tmp".
func isUnfinished(key string) bool {
	name, ok := strings.CutSuffix(key, ".tmp")
	dot := strings.LastIndexByte(name, '.')
	if !ok || dot < 0 || len(name)-dot != len(".1798761600000000") {
		return false
	}
	return strings.Trim(name[dot+1:], "0123456789abcdef") == ""
}
