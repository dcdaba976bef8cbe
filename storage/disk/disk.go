// Package disk serves files of a local directory, and single local files.
//
// A [Storage] stands on an [os.Root], or on a path that it opens itself: the operating system, not a comparison
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
// can make links in the directory, let the view look first (Response.CheckFirst), or
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
	"log/slog"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"time"

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

	// Follow is how often at most, while the storage is used, it looks whether
	// the path of its root leads to another directory by now, and then opens that
	// as [Storage.Reopen] does: a link such as "current" that is switched, a
	// folder that is mounted later. A look is one stat(2) of the path, about a
	// microsecond on a local disk; on a network disk that is away it waits as
	// opening a file would. 1 looks each time, 0 never.
	//
	// A proxy that sends the files follows the path in any case. Without Follow
	// the two may be in different directories until Reopen.
	Follow time.Duration

	// Logger gets a line when Follow has opened another directory (Info), and
	// when it can't (Warn). nil is [slog.Default].
	Logger *slog.Logger
}

// A Storage looks files up in a local directory. Keys are paths below it with
// slashes, byte for byte as the file system has them. Several goroutines may
// use one Storage.
type Storage struct {
	options Options
	dir     string // absolute path of the root; "": not known
	base    string // dir with slashes, the last one included; "": not known

	made    time.Time
	looked  atomic.Int64 // nanoseconds after made, when Follow last looked
	current atomic.Pointer[rooted]

	mu      sync.Mutex // for changing current
	closed  bool
	failure string // of Follow, which was told
}

// New returns a storage of the files in root. nil options are the defaults. It
// asks once for the absolute path of root, which [downloadview.SourceOf] gives
// from then on; where that path doesn't lead to root, files have no source. It
// isn't asked again unless Options.Follow is set: where the path may lead
// elsewhere later, set it, or use [Storage.Reopen].
//
// The caller closes root, after the last use of the storage.
func New(root *os.Root, o *Options) *Storage {
	dir, info := absolute(root)
	s := newStorage(dir, o)
	s.current.Store(&rooted{root: localfile.Below(root), info: info, leads: dir != ""})
	return s
}

func newStorage(dir string, o *Options) *Storage {
	s := &Storage{dir: dir, made: time.Now()}
	if dir != "" {
		s.base = strings.TrimSuffix(sourcePath(dir), "/") + "/"
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

// absolute returns the path that leads to root, or "", and what root is.
func absolute(root *os.Root) (string, fs.FileInfo) {
	opened, err := root.Stat(".")
	if err != nil {
		return "", nil
	}
	abs, err := filepath.Abs(root.Name())
	if err != nil {
		return "", opened
	}
	// Abs works on the string alone: behind a link, "link/.." is not where it seems.
	named, err := os.Stat(abs)
	if err != nil || !os.SameFile(named, opened) {
		return "", opened
	}
	return abs, opened
}

var _ downloadview.Storage = (*Storage)(nil)
