// Package iofs serves files of any [fs.FS]: what is embedded in the program, a
// zip archive, a folder.
//
// Handles are given on as the file system has them, so that an [os.File] goes
// out by sendfile(2) and an embedded file has ranges because it seeks. That a
// handle's Seek is cheap and stays in the version that is open is taken on
// trust. Only regular files are files here.
//
// # Embedded files
//
// An [embed.FS] knows no times, so its files have neither an entity tag nor a
// date: they are sent anew each time. A view that knows the program's version
// can give them one (Response.ETag).
//
// # Zip archives
//
// Members of a [zip.Reader], also below [fs.Sub], are sent inflated.
//
//   - The entity tag is made of date, size and CRC-32. The checksum alone would
//     not do: of four thousand million versions two have the same. So where
//     the archive has no date for a member, or the year 1980 or before, which
//     is what archivers write who know none, there is no tag.
//   - Last-Modified is sent where the archive has the time in UTC. The bare
//     MS-DOS date is local time of a place that nobody knows.
//   - A member that was stored as it is has ranges, for which nothing else is
//     read, if the archive was given to [New] itself. Of a deflated one a range
//     could only be had by inflating all that is before it, so it is sent
//     whole.
//   - The last bytes are given only once the checksum was found to be right:
//     what doesn't fit it is never sent whole. Ranges are not checked.
//   - Hostile names lead nowhere. What package zip makes of "../x", "/x" or
//     `a\x` are the keys "x", "x" and "a/x". Links are no files, and encrypted
//     members can't be opened.
//   - Of members with one name the first is served. A member whose name is no
//     valid path is not, such as one in Shift-JIS. The others of its folder are
//     served, and listed if the archive was given to [New] itself; else package
//     zip has an error for the folder.
//
// # Folders
//
// [os.DirFS] follows symbolic links wherever they lead, and [os.Root.FS] has an
// error for those that lead out, which is answered 500. For a local folder
// there is package storage/disk. Before a file is opened it is looked at, since
// opening a pipe waits; a file system that has neither [fs.StatFS] nor
// [fs.ReadLinkFS] can't be asked. Below [fs.Sub], which has only the latter, a
// link is followed where it is relative and stays inside, and is no file else.
package iofs

import (
	"archive/zip"
	"io/fs"
	"strings"

	"github.com/downloadview/downloadview"
)

// Options are what a Storage has beside its file system. nil and the zero value
// mean that files have no source.
type Options struct {
	// Source is where the files of the FS live: that of a file has a slash and
	// the key behind it. With the Scheme empty files have no source and are
	// always streamed. An FS can't tell, so say it: for os.DirFS("/srv/media")
	// it is downloadview.Source{Scheme: "file", Path: "/srv/media"}.
	Source downloadview.Source
}

// A Storage looks files up in an FS. Several goroutines may use it if they may
// use the FS.
type Storage struct {
	fsys    fs.FS
	source  downloadview.Source
	archive *archive // nil: none that is known
	stored  map[*zip.FileHeader]*zip.File
}

// New returns a storage of the files in fsys. It does no I/O. What there is to
// close, such as a [zip.ReadCloser], the caller closes after the last use.
func New(fsys fs.FS, o *Options) *Storage {
	s := &Storage{fsys: fsys}
	if members, ok := membersOf(fsys); ok {
		s.archive, s.stored = &archive{files: members}, storedMembers(members)
	}
	if o != nil {
		s.source = o.Source
	}
	if p := s.source.Path; p != "" && !strings.HasSuffix(p, "/") {
		s.source.Path = p + "/"
	}
	return s
}

// File describes the file with this key. It does no I/O. A key must be what
// [fs.ValidPath] takes, and not "."; anything else is an [fs.PathError] with
// [fs.ErrInvalid], and is not shown to the FS.
//
// Missing and not a regular file is [fs.ErrNotExist]. An error of the FS that is
// about a connection, or names a path with another last element than the key, is
// [downloadview.ErrUpstream]: it says nothing of the file. Other errors are those
// of the FS.
func (s *Storage) File(key string) (downloadview.File, error) {
	if err := check(key); err != nil {
		return nil, err
	}
	return &file{storage: s, key: key}, nil
}

func check(key string) error {
	if key == "." || !fs.ValidPath(key) {
		return &fs.PathError{Op: "open", Path: key, Err: fs.ErrInvalid}
	}
	return nil
}

var _ downloadview.Storage = (*Storage)(nil)
