package swifttest

import "strings"

// envVar is the environment variable that names a program in place of PATH.
func envVar(program string) string {
	return "DOWNLOADVIEW_" + strings.ToUpper(strings.ReplaceAll(program, "-", "_"))
}
