// Package disk serves files of a local directory, and single local files.
//
// A [Storage] stands on an [os.Root]: the operating system, not a comparison
// of strings, keeps every key inside the directory. Symbolic links work where
// they are relative and stay inside; absolute ones never do. Only regular
// files are files here. Folders, pipes, sockets and devices are not found, and
// opening one never waits.
//
// A file that another process has a write lease on (fcntl(2), F_SETLEASE), as
// Samba and servers of NFS have, is waited for, five seconds at most. It is a
// [downloadview.StatusError] 503 then.
//
// A folder that may be searched but not read (mode 0711) can't be listed. What is
// below it can be had on Linux, from 5.6 on; elsewhere it is [fs.ErrPermission].
//
// A proxy that is told to send a file opens it by its path and knows nothing
// of the root: unless its configuration says otherwise it follows symbolic
// links wherever they lead, and sends what has that name by then. Where others
// can make links in the directory, let the view look first (Response.Look), or
// stream.
//
// What is saved has a name like ".downloadview-….tmp" until it is whole. No key
// has such a name, so that it is neither served nor listed. A process that is
// killed while it saves leaves one behind; what is older than the longest
// upload can go:
//
//	find /srv/media -name '.downloadview-*.tmp' -mmin +1440 -delete
package disk

import (
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"strings"

	"github.com/downloadview/downloadview"
	"github.com/downloadview/downloadview/internal/incoming"
	"github.com/downloadview/downloadview/internal/localfile"
)

// Options are what a Storage has beside its root. nil and the zero value are
// good defaults.
type Options struct {
	// BaseURL is where everybody may have the files of the root, such as
	// https://cdn.example.com/media/ or, on the application's own host,
	// /media/. nil means that they have no public URLs.
	BaseURL *url.URL
}

// A Storage looks files up in a local directory. Keys are paths below it with
// slashes, byte for byte as the file system has them. Several goroutines may
// use one Storage.
type Storage struct {
	root    *localfile.Root
	options Options
	dir     string // absolute path of the root; "": not known
	base    string // dir with slashes, the last one included; "": not known
}

// New is [NewWithOptions] with none.
func New(root *os.Root) *Storage { return NewWithOptions(root, nil) }

// NewWithOptions returns a storage of the files in root. It asks once for the absolute
// path of root, which [downloadview.SourceOf] gives from then on; where that
// path doesn't lead to root, files have no source.
//
// The caller closes root, after the last use of the storage.
func NewWithOptions(root *os.Root, o *Options) *Storage {
	s := &Storage{root: localfile.Below(root), dir: absolute(root)}
	if s.dir != "" {
		s.base = strings.TrimSuffix(sourcePath(s.dir), "/") + "/"
	}
	if o != nil {
		s.options = *o
	}
	return s
}

// File describes the file with this key. It does no I/O.
//
// A key has the form that [fs.ValidPath] wants, but need not be UTF-8 where
// the system's names are bytes. Anything else, ".", a NUL, the name of what is
// being saved, and what the system can't have as a local name (on Windows also
// a backslash, a colon, or "NUL") is an [fs.PathError] with [fs.ErrInvalid].
//
// Open of the result opens the file once and returns the [os.File]. Missing,
// not a regular file, a link that leads out of the root or in circles, a name
// that is too long: each is [fs.ErrNotExist], with the cause beside it.
func (s *Storage) File(key string) (downloadview.File, error) {
	name, err := localKey(key)
	if err != nil {
		return nil, err
	}
	return &file{storage: s, key: key, name: name}, nil
}

// localKey returns key as the system spells it.
func localKey(key string) (string, error) {
	name, ok := localName(key)
	if !ok || key == "." || incoming.IsName(key) {
		return "", &fs.PathError{Op: "open", Path: key, Err: fs.ErrInvalid}
	}
	return name, nil
}

// absolute returns the path that leads to root, or "".
func absolute(root *os.Root) string {
	abs, err := filepath.Abs(root.Name())
	if err != nil {
		return ""
	}
	// Abs works on the string alone: behind a link, "link/.." is not where it seems.
	named, err := os.Stat(abs)
	if err != nil {
		return ""
	}
	opened, err := root.Stat(".")
	if err != nil || !os.SameFile(named, opened) {
		return ""
	}
	return abs
}

var _ downloadview.Storage = (*Storage)(nil)
