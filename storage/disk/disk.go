// Package disk serves files of a local directory, and single local files.
//
// A [Storage] works below an [os.Root], or below a path that it opens itself.
// The operating system, not a comparison of strings, keeps every key inside the
// directory. A symbolic link works if it is relative and stays inside the
// directory; an absolute link never works. Only regular files are served.
// Folders, pipes, sockets and devices are not found, and opening one never
// blocks.
//
// Some file systems say that a size is 0 although the file has bytes: /proc, and
// mounts of stores that don't tell the size of a document. Such a file has no
// size and no ranges. A proxy would send it as an empty one: have the view
// check the file first (Response.CheckFirst), and it is streamed.
//
// If another process holds a write lease on a file (fcntl(2), F_SETLEASE; Samba
// and NFS servers do), opening the file waits for at most five seconds. Then
// the error is a [downloadview.StatusError] 503.
//
// A folder with search permission but no read permission (mode 0711) can't be
// listed. Files below it can be opened on Linux 5.6 and later. On other systems
// they are [fs.ErrPermission].
//
// A proxy that is told to send a file opens it by its path and doesn't know the
// root. Unless its configuration forbids it, the proxy follows symbolic links
// wherever they lead, and it sends the file that has the name at that time. If
// other users can create links in the directory, have the view check the file
// first (Response.CheckFirst), or stream.
//
// While a file is being saved, it has a name like ".downloadview-….tmp". Such a
// name is never a valid key, so these files are neither served nor listed. A
// process that is killed during a Save leaves one behind. Remove those that are
// older than your longest upload:
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

// Options are the settings of a Storage. nil and the zero value are good
// defaults.
type Options struct {
	// BaseURL is the public URL of the root, such as
	// https://cdn.example.com/media/ or, on the application's own host,
	// /media/. nil means that the files have no public URLs.
	BaseURL *url.URL

	// Follow is the shortest time between two checks of the root's path. The
	// storage checks only while it is used. If the path leads to another
	// directory by then, such as after a link "current" was switched or a file
	// system was mounted, the storage opens that directory, as [Storage.Reopen]
	// does. A check is one stat(2) of the path: about a microsecond on a local
	// disk; on a network disk that doesn't respond it blocks, as opening a file
	// would. 1 checks each time, 0 never.
	//
	// A proxy that sends the files always follows the path. Without Follow, the
	// proxy and the storage may use different directories until Reopen is
	// called.
	Follow time.Duration

	// Logger gets a line when Follow has opened another directory (Info) and
	// when it can't open one (Warn). nil is [slog.Default].
	Logger *slog.Logger
}

// A Storage finds files in a local directory. Keys are paths below it with
// slashes, byte for byte as in the file system. Several goroutines may use one
// Storage.
type Storage struct {
	options Options
	dir     string // absolute path of the root; "": unknown
	base    string // dir with slashes, with one at the end; "": unknown

	made    time.Time
	looked  atomic.Int64 // when Follow last checked, in nanoseconds after made
	current atomic.Pointer[rooted]

	mu      sync.Mutex // for changing current
	closed  bool
	failure string // of Follow, the last one that was logged
}

// New returns a storage of the files in root. nil options are the defaults. New
// determines the absolute path of root once; [downloadview.SourceOf] returns
// sources below this path from then on. If the path doesn't lead to root, the
// files have no source. If the path may lead to another directory later, set
// Options.Follow or call [Storage.Reopen]; otherwise the path is never checked
// again.
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
// A key must satisfy [fs.ValidPath], but need not be UTF-8 where the system's
// file names are bytes. Anything else is an [fs.PathError] with
// [fs.ErrInvalid]. So are ".", a key with a NUL, a name that is reserved for
// files that are being saved, and a name that the system doesn't allow (on
// Windows also one with a backslash or a colon, or "NUL").
//
// Open of the result opens the file once and returns the [os.File]. The error is
// [fs.ErrNotExist], together with the cause, if the file is missing or not a
// regular file, if a link leads out of the root or forms a loop, or if the name
// is too long.
func (s *Storage) File(key string) (downloadview.File, error) {
	name, err := localKey(key)
	if err != nil {
		return nil, err
	}
	return &file{storage: s, key: key, name: name}, nil
}

// localKey returns key in the system's form.
func localKey(key string) (string, error) {
	name, ok := localName(key)
	if !ok || key == "." || incoming.IsName(key) {
		return "", &fs.PathError{Op: "open", Path: key, Err: fs.ErrInvalid}
	}
	return name, nil
}

// absolute returns the path that leads to root, or "", and root's FileInfo.
func absolute(root *os.Root) (string, fs.FileInfo) {
	opened, err := root.Stat(".")
	if err != nil {
		return "", nil
	}
	abs, err := filepath.Abs(root.Name())
	if err != nil {
		return "", opened
	}
	// Abs only edits the string: if link is a symbolic link, "link/.." is
	// another folder.
	named, err := os.Stat(abs)
	if err != nil || !os.SameFile(named, opened) {
		return "", opened
	}
	return abs, opened
}

var _ downloadview.Storage = (*Storage)(nil)
