// Package listing makes the listing of a folder from its names.
package listing

import (
	"errors"
	"fmt"
	"io/fs"
	"iter"
	"strings"
)

// List calls look for each of the entries in turn and yields its result.
// Entries that no longer exist, or that aren't served, are left out. Any other
// error is yielded and ends the listing, and so does an error of entries.
func List[E any](entries func() ([]E, error), look func(E) (fs.FileInfo, error)) iter.Seq2[fs.FileInfo, error] {
	return func(yield func(fs.FileInfo, error) bool) {
		all, err := entries()
		if err != nil {
			yield(nil, err)
			return
		}
		for _, e := range all {
			fi, err := look(e)
			if errors.Is(err, fs.ErrNotExist) || errors.Is(err, fs.ErrInvalid) || errors.Is(err, fs.ErrPermission) {
				continue
			}
			if !yield(fi, err) || err != nil {
				return
			}
		}
	}
}

// CheckName returns an error for what can't be the name of an entry. File systems over a
// network may list the folder itself, as ".", and the one above it.
func CheckName(name string) error {
	if name == "" || name == "." || name == ".." || strings.Contains(name, "/") {
		return fmt.Errorf("%w: %q is no name in a folder", fs.ErrInvalid, name)
	}
	return nil
}
