package doctor

import (
	"os"
	"path/filepath"

	"github.com/downloadview/downloadview"
)

// checkPath sees whether a file of a local storage is also where its path leads:
// that is where the proxy looks. False: it isn't, which was told.
func (e *exam) checkPath(key, content string) bool {
	const name = "storage-path"
	local, err := downloadview.Path(e.Storage, key)
	if err != nil {
		e.skip(name, "the storage is not a local one")
		return true
	}
	there, err := os.ReadFile(local)
	if err == nil && (len(there) < longestBody && string(there) == content || len(there) >= longestBody) {
		e.ok(name, "%s", local)
		return true
	}
	seen := "another file is there"
	if err != nil {
		seen = err.Error()
	}
	f := finding{
		"the directory that the storage has open is not the one that its path leads to any more: it was moved, something is mounted over it, or a symbolic link above was switched. The proxy looks where the path leads",
		"open the storage again (restart the application), and then switch links or mount before it starts",
	}
	if link := e.linkAbove(); link != "" {
		f.cause += "; " + link + " is a symbolic link"
	}
	e.failed(name, f, "%s", seen)
	return false
}

// linkAbove returns the lowest symbolic link in the path of the storage's
// directory; "" where there is none, or the storage is not a local one.
func (e *exam) linkAbove() string {
	if e.Storage == nil {
		return ""
	}
	local, err := downloadview.Path(e.Storage, plainName)
	for dir := filepath.Dir(local); err == nil && dir != filepath.Dir(dir); dir = filepath.Dir(dir) {
		if fi, err := os.Lstat(dir); err == nil && fi.Mode().Type() == os.ModeSymlink {
			return dir
		}
	}
	return ""
}
