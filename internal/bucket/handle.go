package bucket

import (
	"context"
	"io"
	"io/fs"
)

// A Handle is the body of one answer of a store, with what is known of the whole
// object. It can't seek: that would be another request, for what may be another
// version.
type Handle struct {
	Ctx  context.Context // of the request, to tell its end from the store's
	Key  string
	Body io.ReadCloser
	Info fs.FileInfo
}

// Stat returns Info.
func (h *Handle) Stat() (fs.FileInfo, error) { return h.Info, nil }

// Read reads the body. What it fails with is as [Failed] says.
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
