package config

import (
	"fmt"
	"regexp"
)

// unexpanded matches a path with a variable of the environment as a whole segment, or
// with a user's home ("~") at its beginning.
var unexpanded = regexp.MustCompile(`(?:^|[/:=])(\$[A-Z_][A-Z0-9_]*|\$\{[A-Za-z_][A-Za-z0-9_]*\})(?:$|[/?&:])|^(~[a-z_]?[a-z0-9_-]*)(?:$|/)`)

// CheckExpanded returns an error for a path, or the URL of a bucket, that a shell
// would expand: with a variable or "~". This package expands neither. A folder that
// really has such a name can be written with "./" before it. The error continues a
// sentence that begins with path.
func CheckExpanded(path string) error {
	m := unexpanded.FindStringSubmatch(path)
	switch {
	case m == nil:
		return nil
	case m[2] != "":
		return fmt.Errorf("begins with %q, which is not expanded; want the full path, or ./%s for a folder of that name", m[2], m[2])
	}
	return fmt.Errorf("has %s in it, and variables of the environment are not expanded; want the value of the variable", m[1])
}
