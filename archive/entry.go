package archive

import (
	"io/fs"
	"iter"
	"time"

	"github.com/downloadview/downloadview"
)

// An Entry is one member of an archive: a file, or a folder.
type Entry struct {
	// Name is the path inside the archive, with slashes; "" means the name of File.
	// With a slash at its end, the member is a folder and File is nil. Folders of
	// the files need no entries; an entry gives a folder a time and a mode, and
	// keeps an empty one.
	//
	// No name leads out of the folder that the archive is extracted to: empty and
	// "." elements are left out, ".." becomes "__", a backslash or a control
	// character "_", invalid UTF-8 U+FFFD. If two files would have one name, or a
	// file the name of a folder, the later one gets a number: "a (2).txt".
	Name string

	// File is the content. Files of different storages may be mixed.
	File downloadview.File

	// Attributes is what is remembered of File, with the values that the storage
	// would return, as those of a listing ([downloadview.AttributesOf]); then File is
	// not asked for them. Size, ETag and ModTime are used. When the member is opened,
	// it must still have them: otherwise the error is [downloadview.ErrChanged]. nil,
	// or a Size of -1, means that File is asked by [downloadview.Stat].
	Attributes *downloadview.Attributes

	// CRC32 is the CRC-32 (IEEE) of the whole content, if it is known. It must be of
	// the version in Attributes, or of the current one: it is not checked. nil means
	// that it isn't known, unless Attributes is nil and the store has it: its
	// [fs.FileInfo] has a method CRC32() (uint32, bool), as those of storage/iofs for
	// members of zip archives and of storage/s3bucket. If the store must be asked for it,
	// the method is AskCRC32(context.Context) (sum uint32, ok bool, err error). It is
	// called if [Options].Known doesn't have the CRC-32; its error is one of the member.
	// Tar archives don't use checksums.
	CRC32 *uint32

	// ModTime is the time that the member is extracted with; zero means that of the
	// file. It is kept in whole seconds, in UTC.
	ModTime time.Time

	// Mode has the permissions that the member is extracted with; 0 means 0644, or
	// 0755 for a folder. Bits other than the permissions are ignored.
	Mode fs.FileMode

	// Comment is kept in a zip archive. A tar archive ignores it.
	Comment string
}

// Of returns a sequence of entries for [Zip] and [Tar].
func Of(entries ...Entry) iter.Seq2[Entry, error] {
	return func(yield func(Entry, error) bool) {
		for _, e := range entries {
			if !yield(e, nil) {
				return
			}
		}
	}
}
