// Package aferofs serves files of any [afero.Fs].
//
// A key is checked before it reaches afero: only keys that [filepath.Localize]
// accepts pass, so none has "..", an empty element or a NUL. The check is
// needed because [afero.BasePathFs] compares paths as strings and can be
// escaped. The check can't stop symbolic links: an Fs of the operating system
// follows them wherever they lead. If you don't control the contents of a local
// directory, use storage/disk.
//
// The handles of some file systems share one reader, such as those of package
// tarfs: bytes that one handle reads are missing from the others. If ReadAt of
// a handle works as [io.ReaderAt] requires, files are read with ReadAt, so each
// download gets its own bytes. Otherwise, as with handles of object stores that
// open the object again for each ReadAt, handles are read in order, if they
// don't share a reader. To find out, the first file of a type costs one byte
// and up to three more handles. If handles share a reader, opening the file is
// an error.
//
// An [afero.CacheOnReadFs] copies a file when it is opened, and meanwhile a second
// request gets the part that is there as the whole file. So its files are opened
// by one request after the other, also if other file systems of package afero are
// around it. That doesn't help against other processes that use the same cache, nor
// if a file that is being downloaded is copied again, because the base has a new one.
//
// Package zipfs keeps all that was read of a member in memory, and doesn't notice
// that a member is damaged: its bytes don't fit their checksum. For a zip archive
// use storage/iofs.
//
// Only regular files are served. A file is checked before it is opened. If a
// pipe takes its place in between, Open blocks until the pipe has a writer,
// except on a bare [afero.OsFs], which opens without blocking.
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

// Options are the settings of a Storage. nil and the zero value mean: names
// have no leading slash, and files have no source.
type Options struct {
	// Dir is the folder of the Fs that contains all keys, in the form that the
	// Fs uses. For afero, names with and without a leading slash can be
	// different files: a file that was written to an [afero.MemMapFs] as "/d/x"
	// has the key "d/x" if Dir is "/", and is not found if Dir is empty. Over a
	// bare [afero.OsFs] an empty Dir is the working directory.
	Dir string

	// Source is the source of Dir; the source of a file is Source, a slash and
	// the key. If the Scheme is empty, files have no source and are always
	// streamed. Package afero can't provide the source (a path of an
	// [afero.BasePathFs] may be on disk or in memory), so set it: for
	// afero.NewBasePathFs(afero.NewOsFs(), "/srv/media") it is
	// downloadview.Source{Scheme: "file", Path: "/srv/media"}.
	Source downloadview.Source

	// BaseURL is the public URL of Dir, such as https://cdn.example.com/media/
	// or, on the application's own host, /media/. nil means that the files have
	// no public URLs.
	BaseURL *url.URL
}

// A Storage finds files in an Fs. Several goroutines may use it if they may use
// the Fs.
type Storage struct {
	fs      afero.Fs
	options Options
	manners manners
	turns   *turns // for opening a file; nil: at any time
}

// New returns a storage of the files in fsys. Only Save and Delete write to
// fsys. nil options are the defaults.
func New(fsys afero.Fs, o *Options) *Storage {
	s := &Storage{fs: fsys, manners: manners{turn: make(chan struct{}, 1)}}
	if copiesOnOpen(fsys) {
		s.turns = new(turns)
	}
	if o != nil {
		s.options = *o
	}
	if p := s.options.Source.Path; p != "" && !strings.HasSuffix(p, "/") {
		s.options.Source.Path = p + "/"
	}
	return s
}

// File describes the file with this key. It does no I/O. A key must be accepted
// by [filepath.Localize], and be neither "." nor a name that is reserved for
// files that are being saved; otherwise the error is an [fs.PathError] with
// [fs.ErrInvalid].
//
// Open of the result returns the [os.File] if the Fs has one. If the file is
// missing or not a regular file, the error is [fs.ErrNotExist]. An error of the
// Fs is [downloadview.ErrUpstream] if it is about a connection, or about a path
// whose last element differs from that of the key, such as a path in a cache:
// it says nothing about the file. Other errors of the Fs are returned as they
// are.
func (s *Storage) File(key string) (downloadview.File, error) {
	name, err := s.name(key)
	if err != nil {
		return nil, err
	}
	return &file{storage: s, key: key, name: name}, nil
}

// name returns the name of key in the Fs.
func (s *Storage) name(key string) (string, error) {
	local, err := filepath.Localize(key)
	if err != nil || key == "." || incoming.IsName(key) {
		return "", &fs.PathError{Op: "open", Path: key, Err: fs.ErrInvalid}
	}
	return filepath.Join(s.options.Dir, local), nil
}

var _ downloadview.Storage = (*Storage)(nil)
