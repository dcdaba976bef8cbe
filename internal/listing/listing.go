// Package listing makes the listing of a folder of the names in it.
package listing

import (
	"errors"
	"io/fs"
	"iter"
)

// List yields what look says of each of the entries, when its turn comes.
// Entries that are gone by then, or are not for the public, are left out. Any
// other error is yielded and ends the listing, as does that of entries.
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
