package doctor

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// closedSocket says why users other than its owner can't connect to the socket at
// path; "" if every user can, or if that isn't known.
func closedSocket(path string) string {
	if path == "" || strings.HasPrefix(path, "@") {
		return ""
	}
	fi, err := os.Lstat(path)
	if err != nil {
		return ""
	}
	if fi.Mode().Perm()&0o002 == 0 {
		return fmt.Sprintf("its mode is %#o", fi.Mode().Perm())
	}
	path, err = filepath.Abs(path)
	for err == nil && filepath.Dir(path) != path {
		path = filepath.Dir(path)
		if fi, err = os.Stat(path); err == nil && fi.Mode().Perm()&0o001 == 0 {
			return fmt.Sprintf("the mode of %s is %#o", path, fi.Mode().Perm())
		}
	}
	return ""
}
