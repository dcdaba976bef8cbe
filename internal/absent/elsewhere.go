package absent

import (
	"errors"
	"io/fs"
	"net"
	"net/url"
	"path"
	"path/filepath"
)

// Elsewhere reports whether err, which a file system returned for the file
// called name, is about something else: a connection, or another path, such as
// that of a token or of a cache. Then it says nothing about the file. An error
// that names neither is about the file.
func Elsewhere(err error, name string) bool {
	if _, ok := errors.AsType[*url.Error](err); ok {
		return true
	}
	if _, ok := errors.AsType[*net.OpError](err); ok {
		return true
	}
	if _, ok := errors.AsType[*net.DNSError](err); ok {
		return true
	}
	for {
		e, ok := errors.AsType[*fs.PathError](err)
		if !ok {
			return false
		}
		if e.Path != "" && last(e.Path) != last(name) {
			return true
		}
		err = e.Err
	}
}

// last returns the last element of a path. A file system that wraps another one
// changes the elements before it.
func last(name string) string { return path.Base(filepath.ToSlash(name)) }
