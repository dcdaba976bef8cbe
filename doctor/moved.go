package doctor

import (
	"os"
	"path/filepath"

	"github.com/downloadview/downloadview"
)

// checkPath checks that the path of a file in a local storage leads to that file,
// since the proxy uses the path. If not, it notes a failed check and returns false.
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
		"the path of the storage's directory no longer leads to the directory that the storage has open: the directory was moved, something was mounted over it, or a symbolic link above it was changed. The proxy uses the path",
		"restart the application, so that it opens the storage again; in future change links and mounts before it starts",
	}
	if link := e.linkAbove(); link != "" {
		f.cause += "; " + link + " is a symbolic link"
	}
	e.failed(name, f, "%s", seen)
	return false
}

// linkAbove returns the last symbolic link in the path of the storage's directory;
// "" if there is none, or the storage is not a local one.
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
