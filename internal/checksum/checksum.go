// Package checksum adds the CRC-32 that a store keeps with a file to the file's
// metadata. Package archive finds it there by its method CRC32 or AskCRC32.
package checksum

import (
	"context"
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

// Asking is [downloadview.Attributes.FileInfo] with a method AskCRC32(context.Context)
// (sum uint32, ok bool, err error) that calls ask: the store has the CRC-32 of the whole
// content, but not without another request. ok is false if the store doesn't tell it.
// An error is one that may be gone the next time.
func Asking(a downloadview.Attributes, name string, ask func(context.Context) (uint32, bool, error)) fs.FileInfo {
	return asking{a.FileInfo(name), a, ask}
}

type asking struct {
	fs.FileInfo
	attributes downloadview.Attributes
	ask        func(context.Context) (uint32, bool, error)
}

func (i asking) Attributes() downloadview.Attributes { return i.attributes }

func (i asking) AskCRC32(ctx context.Context) (uint32, bool, error) { return i.ask(ctx) }
