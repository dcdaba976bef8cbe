package archive

import (
	"io/fs"

	"github.com/downloadview/downloadview"
)

// info is the metadata of an archive.
type info struct {
	fs.FileInfo
	attributes downloadview.Attributes
}

func (i info) Attributes() downloadview.Attributes { return i.attributes }

// HasRanges reports whether one version of the archive can be told from the next; see
// [downloadview.RangeFile].
func (i info) HasRanges() bool { return i.attributes.ETag != "" }
