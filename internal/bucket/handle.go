package bucket

import (
	"context"
	"io"
	"io/fs"
)

// A Handle is the body of one answer of a store, with the metadata of the whole
// object. It can't seek: that would be another request, perhaps for another
// version.
type Handle struct {
	Ctx  context.Context // of the request, to distinguish its end from the store's failures
	Key  string
	Body io.ReadCloser
	Info fs.FileInfo
}

// Stat returns Info.
func (h *Handle) Stat() (fs.FileInfo, error) { return h.Info, nil }

// Read reads the body. Its errors are as [Failed] says.
func (h *Handle) Read(p []byte) (int, error) {
	n, err := h.Body.Read(p)
	if err == nil || err == io.EOF {
		return n, err
	}
	return n, &fs.PathError{Op: "read", Path: h.Key, Err: Failed(h.Ctx, err)}
}

// Close closes the body.
func (h *Handle) Close() error { return h.Body.Close() }

var _ fs.File = (*Handle)(nil)
