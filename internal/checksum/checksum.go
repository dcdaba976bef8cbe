// Package checksum adds the CRC-32 that a store keeps with a file to the file's
// metadata. Package archive finds it there by its method CRC32.
package checksum

import (
	"io/fs"

	"github.com/downloadview/downloadview"
)

// FileInfo is [downloadview.Attributes.FileInfo] with a method CRC32() (uint32,
// bool) that returns sum, the CRC-32 (IEEE) of the whole content.
func FileInfo(a downloadview.Attributes, name string, sum uint32) fs.FileInfo {
	return info{a.FileInfo(name), a, sum}
}

type info struct {
	fs.FileInfo
	attributes downloadview.Attributes
	sum        uint32
}

func (i info) Attributes() downloadview.Attributes { return i.attributes }
func (i info) CRC32() (uint32, bool)               { return i.sum, true }
