// Package iofs serves files of any [fs.FS]: files that are embedded in the
// program, a zip archive, a folder.
//
// Handles of the file system are used directly: an [os.File] is sent by
// sendfile(2), and an embedded file has ranges because it can seek. A handle's
// Seek must be cheap and stay in the version that is open; this is not checked.
// If Seek fails right after opening, the file has no ranges. Only regular files
// are served.
//
// # Embedded files
//
// An [embed.FS] has no times, so its files have neither an entity tag nor a
// date and are sent completely each time. A view that knows the program's
// version can set a tag (Response.ETag).
//
// # Zip archives
//
// Members of a [zip.Reader] are sent decompressed, also those of an [fs.Sub] of
// one.
//
//   - The entity tag is made from date, size and CRC-32. The checksum alone
//     isn't enough: one in 2^32 other versions has the same. If a member has no
//     date, or one of 1980 or earlier, which archivers write if they have none,
//     it has no tag.
//   - Last-Modified is sent if the archive has the time in UTC. An MS-DOS date
//     is local time in an unknown time zone.
//   - A member that is stored uncompressed supports ranges without reading
//     anything else, if the archive itself was passed to [New]. For a range of
//     a compressed member everything before it would have to be decompressed,
//     so such a member is sent whole.
//   - The last bytes are returned only after the checksum has been verified: a
//     damaged member is never sent to its end. Ranges are not verified.
//   - Malicious names are harmless. Package zip turns "../x", "/x" and `a\x`
//     into the keys "x", "x" and "a/x". Links aren't served, and encrypted
//     members can't be opened.
//   - If several members have the same name, the first is served. A member
//     whose name isn't a valid path, such as one in Shift-JIS, isn't served.
//     The other members of its folder are served, and listed if the archive
//     itself was passed to [New]; otherwise package zip returns an error for
//     the folder.
//
// # Folders
//
// [os.DirFS] follows symbolic links wherever they lead, and [os.Root.FS]
// returns an error for links that lead out, which is answered with 500. For a
// local folder use package storage/disk. A file is checked before it is opened,
// because opening a pipe blocks. A file system with neither [fs.StatFS] nor
// [fs.ReadLinkFS] can't be checked. With [fs.Sub], which has only the latter, a
// link is followed if it is relative and stays inside; otherwise it isn't
// served.
package iofs

import (
	"archive/zip"
	"io/fs"
	"strings"

	"github.com/downloadview/downloadview"
)

// Options are the settings of a Storage. nil and the zero value mean that files
// have no source.
type Options struct {
	// Source is the source of the FS; the source of a file is Source, a slash
	// and the key. If the Scheme is empty, files have no source and are always
	// streamed. An FS can't provide the source, so set it: for
	// os.DirFS("/srv/media") it is downloadview.Source{Scheme: "file", Path:
	// "/srv/media"}.
	Source downloadview.Source
}

// A Storage finds files in an FS. Several goroutines may use it if they may use
// the FS.
type Storage struct {
	fsys    fs.FS
	source  downloadview.Source
	archive *archive // nil: not an archive
	stored  map[*zip.FileHeader]*zip.File
}

// New returns a storage of the files in fsys. It does no I/O. The caller closes
// what has to be closed, such as a [zip.ReadCloser], after the last use.
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

// File describes the file with this key. It does no I/O. A key must satisfy
// [fs.ValidPath] and not be "."; otherwise the error is an [fs.PathError] with
// [fs.ErrInvalid], and the FS isn't called.
//
// If the file is missing or not a regular file, opening it is [fs.ErrNotExist].
// An error of the FS is [downloadview.ErrUpstream] if it is about a connection,
// or about a path whose last element differs from that of the key: it says
// nothing about the file. Other errors of the FS are returned as they are.
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
