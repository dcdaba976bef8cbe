// Package absent knows the many ways in which systems say that there is no such
// file.
package absent

import (
	"errors"
	"slices"
)

// Is tells whether err, of opening or looking at a file, says that no such file
// is there in other words than [io/fs.ErrNotExist]: a name that can't be one, a
// path through a file, links in circles, something that can't be opened.
func Is(err error) bool {
	return slices.ContainsFunc(absent, func(a error) bool { return errors.Is(err, a) })
}
