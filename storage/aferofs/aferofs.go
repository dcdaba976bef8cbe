// Package aferofs serves files of any [afero.Fs].
//
// Keys are checked before afero sees them: only what [filepath.Localize] takes
// gets through, and so nothing with "..", an empty element or a NUL. That is
// needed, since [afero.BasePathFs] compares paths as strings and is no
// boundary. What it can't do is stop symbolic links: an Fs of the operating
// system follows them wherever they lead. For a local directory whose contents
// you don't control, use storage/disk.
//
// The handles of some file systems share one reader, as those of package tarfs do:
// what one reads, another is missing. A file is read by ReadAt where that keeps to
// its contract, so that each download has its own bytes. Where it doesn't, as with
// handles of object stores that open the object anew, handles are read in order, if
// they are found not to share: the first file of a type takes a byte and up to
// three more handles to find out. Else opening the file is an error.
//
// Only regular files are files here. A file is looked at before it is opened. If a
// pipe takes its place in between, Open waits for a writer, unless the Fs is a
// bare [afero.OsFs], which is told not to wait.
package aferofs

import (
	"io/fs"
	"net/url"
	"path/filepath"
	"strings"

	"github.com/spf13/afero"

	"github.com/downloadview/downloadview"
	"github.com/downloadview/downloadview/internal/incoming"
)

// Options are what [New] needs beside the Fs. nil and the zero value mean
// names without a leading slash, and no source.
type Options struct {
	// Dir is the folder of the Fs that keys are below, as the Fs spells it. For
	// afero a leading slash can make another file: one that was written to an
	// [afero.MemMapFs] as "/d/x" has the key "d/x" if Dir is "/", and is not
	// found if Dir is empty. Over a bare [afero.OsFs] an empty Dir is the
	// working directory.
	Dir string

	// Source is where the bytes of Dir live: that of a file has a slash and
	// the key behind it. With the Scheme empty files have no source and are
	// always streamed. Afero can't tell (the path of an [afero.BasePathFs] may
	// be one of a disk or one of memory), so say it: for
	// afero.NewBasePathFs(afero.NewOsFs(), "/srv/media") it is
	// downloadview.Source{Scheme: "file", Path: "/srv/media"}.
	Source downloadview.Source

	// BaseURL is where everybody may have the files of Dir, such as
	// https://cdn.example.com/media/ or, on the application's own host,
	// /media/. nil means that they have no public URLs.
	BaseURL *url.URL
}

// A Storage looks files up in an Fs. Several goroutines may use it if they may
// use the Fs.
type Storage struct {
	fs      afero.Fs
	options Options
	manners manners
}

// New returns a storage of the files in fsys, which only Save and Delete write
// to. nil options are the defaults.
func New(fsys afero.Fs, o *Options) *Storage {
	s := &Storage{fs: fsys}
	if o != nil {
		s.options = *o
	}
	if p := s.options.Source.Path; p != "" && !strings.HasSuffix(p, "/") {
		s.options.Source.Path = p + "/"
	}
	return s
}

// File describes the file with this key. It does no I/O. A key must be what
// [filepath.Localize] takes, and neither "." nor the name of what is being
// saved; anything else is an [fs.PathError] with [fs.ErrInvalid].
//
// Open of the result returns the [os.File] where there is one below. Missing
// and not a regular file is [fs.ErrNotExist]. An error of the Fs that is about a
// connection, or names a path with another last element than the key, such as
// that of a cache, is [downloadview.ErrUpstream]: it says nothing of the file.
// Other errors are those of the Fs.
func (s *Storage) File(key string) (downloadview.File, error) {
	name, err := s.name(key)
	if err != nil {
		return nil, err
	}
	return &file{storage: s, key: key, name: name}, nil
}

// name returns what the Fs calls key.
func (s *Storage) name(key string) (string, error) {
	local, err := filepath.Localize(key)
	if err != nil || key == "." || incoming.IsName(key) {
		return "", &fs.PathError{Op: "open", Path: key, Err: fs.ErrInvalid}
	}
	return filepath.Join(s.options.Dir, local), nil
}

var _ downloadview.Storage = (*Storage)(nil)
