package archive

import (
	"iter"

	"github.com/downloadview/downloadview"
)

// Tar returns a tar archive of entries, under this name, with PAX records for long
// names and for members of 8 GiB and more. It is like [Zip]: its length is known
// from the names and sizes, and it has a tag and ranges if all members have
// validators. The bytes of the members are in it as they are, and no checksum is
// needed.
func Tar(name string, entries iter.Seq2[Entry, error], o *Options) downloadview.File {
	return newArchive(name, "application/x-tar", tarFormat{}, entries, newSettings(o))
}
