// Package filetime asks the system for the times of an open file.
package filetime

import (
	"os"

	"github.com/downloadview/downloadview"
)

// Of returns what the system knows of f's times: on Linux by statx(2), when a
// file was created where the file system keeps it; on macOS and Windows all
// three. Elsewhere it is the last change alone.
func Of(f *os.File) (downloadview.Times, error) {
	fi, err := f.Stat()
	if err != nil {
		return downloadview.Times{}, err
	}
	t := downloadview.Times{Modified: fi.ModTime()}
	t.Created, t.Accessed, err = others(f, fi)
	return t, err
}
