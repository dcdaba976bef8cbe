package archive

import (
	"io/fs"
	"time"

	"github.com/downloadview/downloadview"
)

// A member is what the index keeps of an entry.
type member struct {
	file    downloadview.File // nil: a folder
	name    string            // as in the archive; a folder's ends with a slash
	comment string
	size    int64
	offset  int64 // of the member in the archive
	modTime int64 // seconds; unknownTime: none
	version version
	crc     uint32
	known   bool // crc is
	learned bool // crc is from Options.Known
	mode    fs.FileMode

	// Of a member that is compressed, whose size may be -1 beforehand.
	deflated bool
	packed   int64 // the compressed size, once it is known
	large    bool  // a size may need eight bytes
	strong   bool  // version tells the content apart from any other
}

const unknownTime = -1 << 63

func timeOf(t time.Time) int64 {
	if t.IsZero() {
		return unknownTime
	}
	return t.Unix()
}

func (m *member) isFolder() bool { return m.file == nil }
