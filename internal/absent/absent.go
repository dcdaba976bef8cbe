// Package absent recognises the errors with which systems say that there is no
// such file.
package absent

import (
	"errors"
	"slices"
)

// Is reports whether err, of opening or looking at a file, means that there is
// no such file but isn't [io/fs.ErrNotExist]: an impossible name, a path
// through a file, a loop of links, something that can't be opened.
func Is(err error) bool {
	return slices.ContainsFunc(absent, func(a error) bool { return errors.Is(err, a) })
}
