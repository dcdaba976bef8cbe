package bucket

import (
	"io/fs"
	"iter"
	"path"
	"slices"
	"strings"
	"time"

	"github.com/downloadview/downloadview"
)

// An Entry is one entry of a bucket's listing: an object or, with IsDir, a
// common prefix of keys that ends in a slash.
type Entry struct {
	Key        string
	IsDir      bool
	Attributes downloadview.Attributes // of an object
}

// Folder yields the entries below prefix with their names, in ascending order
// of the names. Entries without a valid key and entries with empty names are
// left out. If there is no entry at all and prefix is not "", the error is
// [fs.ErrNotExist].
//
// A bucket lists keys in bytewise order, and a folder with a slash at its end,
// so "a-b" comes before the folder "a/". In the order of names, "a" comes
// first. So Folder keeps an entry back until no folder can follow that belongs
// before it; in the worst case it keeps the whole listing.
func Folder(prefix string, entries iter.Seq2[Entry, error]) iter.Seq2[fs.FileInfo, error] {
	return func(yield func(fs.FileInfo, error) bool) {
		var waiting []fs.FileInfo // ascending
		found := prefix == ""
		for e, err := range entries {
			if err != nil {
				yield(nil, err)
				return
			}
			found = true
			raw := strings.TrimPrefix(e.Key, prefix)
			fi, ok := e.info(raw)
			if !ok {
				continue
			}
			at, _ := slices.BinarySearchFunc(waiting, fi.Name(), func(w fs.FileInfo, name string) int {
				if w.Name() <= name {
					return -1
				}
				return 1
			})
			waiting = slices.Insert(waiting, at, fi)
			ready := 0
			for ; ready < len(waiting) && lastBefore(waiting[ready].Name()) <= raw; ready++ {
				if !yield(waiting[ready], nil) {
					return
				}
			}
			waiting = slices.Delete(waiting, 0, ready)
		}
		if !found {
			yield(nil, &fs.PathError{Op: "list", Path: strings.TrimSuffix(prefix, "/"), Err: fs.ErrNotExist})
			return
		}
		for _, fi := range waiting {
			if !yield(fi, nil) {
				return
			}
		}
	}
}

// lastBefore returns the greatest name, with its slash, of a folder that is
// listed after name but belongs before it: "a/" for "a-b". It is "" if there is
// none.
func lastBefore(name string) string {
	for i := 1; i < len(name); i++ {
		if name[i] < '/' {
			return name[:i] + "/"
		}
	}
	return ""
}

func (e Entry) info(name string) (fs.FileInfo, bool) {
	if e.IsDir {
		name = strings.TrimSuffix(name, "/")
	}
	switch {
	case CheckKey(name) != nil, strings.Contains(name, "/"):
		return nil, false
	case e.IsDir:
		return dirInfo(name), true
	}
	return e.Attributes.FileInfo(name), true
}

type dirInfo string

func (d dirInfo) Name() string     { return path.Base(string(d)) }
func (dirInfo) Size() int64        { return 0 }
func (dirInfo) Mode() fs.FileMode  { return fs.ModeDir | 0o555 }
func (dirInfo) ModTime() time.Time { return time.Time{} }
func (dirInfo) IsDir() bool        { return true }
func (dirInfo) Sys() any           { return nil }
