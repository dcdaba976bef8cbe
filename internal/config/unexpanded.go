package config

import (
	"fmt"
	"regexp"
)

// unexpanded are a variable of the environment as a whole segment of a path, and
// somebody's home at its beginning.
var unexpanded = regexp.MustCompile(`(?:^|[/:=])(\$[A-Z_][A-Z0-9_]*|\$\{[A-Za-z_][A-Za-z0-9_]*\})(?:$|[/?&:])|^(~[a-z_]?[a-z0-9_-]*)(?:$|/)`)

// CheckExpanded refuses a path, or the URL of a bucket, that a shell would have
// made another one of: variables and "~" are not expanded here. The error goes on
// after the path. A folder that is really called so is named by "./" before it.
func CheckExpanded(path string) error {
	m := unexpanded.FindStringSubmatch(path)
	switch {
	case m == nil:
		return nil
	case m[2] != "":
		return fmt.Errorf("begins with %q, which is not expanded here; want the path itself, or ./%s for a folder of that name", m[2], m[2])
	}
	return fmt.Errorf("has %s in it, and variables of the environment are not expanded here; want what it stands for", m[1])
}
