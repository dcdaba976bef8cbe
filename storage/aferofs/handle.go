package aferofs

import (
	"context"
	"errors"
	"io"
	"io/fs"

	"github.com/spf13/afero"

	"github.com/downloadview/downloadview"
)

// handle is an open file of an Fs. It has no methods for writing, and no
// ReadAt, because that of MemMapFs ends without io.EOF.
type handle struct {
	file   *file
	inner  afero.File
	manner manner
	size   int64
	at     int64 // offset of the next byte, if positioned
	read   bool  // whether something was read
}

func (h *handle) Stat() (fs.FileInfo, error) { return h.inner.Stat() }
func (h *handle) Close() error               { return h.inner.Close() }

// Read never returns an error that means that the file is missing: it is open.
func (h *handle) Read(p []byte) (int, error) {
	n, err := h.next(p)
	h.read = h.read || n > 0
	if err == nil || err == io.EOF {
		return n, err
	}
	return n, &fs.PathError{Op: "read", Path: h.file.key, Err: downloadview.AsCause(err)}
}

func (h *handle) next(p []byte) (int, error) {
	switch {
	case h.manner == inOrder:
		return h.inner.Read(p)
	case len(p) == 0:
		return 0, nil
	case h.at > h.size && h.size > 0: // some ReadAt fail with such an offset
		return 0, io.EOF
	}
	n, err := h.inner.ReadAt(p, h.at)
	n = max(n, 0) // some return -1 with an error
	h.at += int64(n)
	switch {
	case n > 0 || err == io.EOF:
		return n, err
	case err == nil && h.at >= h.size:
		return 0, io.EOF
	case err == nil:
		return 0, io.ErrNoProgress
	case h.read:
		return 0, err
	}
	// Handles of one type may wrap different handles, of which only some have a
	// ReadAt.
	if alone := h.file.checkAlone(context.Background()); alone != nil {
		return 0, errors.Join(err, alone)
	}
	if h.at > 0 {
		if _, err := h.inner.Seek(h.at, io.SeekStart); err != nil {
			return 0, err
		}
	}
	h.manner = inOrder
	return h.inner.Read(p)
}

func (h *handle) Seek(offset int64, whence int) (int64, error) {
	if h.manner == inOrder {
		return h.inner.Seek(offset, whence)
	}
	switch whence {
	case io.SeekCurrent:
		offset += h.at
	case io.SeekEnd:
		if h.size < 0 {
			return 0, &fs.PathError{Op: "seek", Path: h.file.key, Err: errors.ErrUnsupported}
		}
		offset += h.size
	}
	if offset < 0 {
		return 0, &fs.PathError{Op: "seek", Path: h.file.key, Err: fs.ErrInvalid}
	}
	h.at = offset
	return offset, nil
}

var (
	_ fs.File   = (*handle)(nil)
	_ io.Seeker = (*handle)(nil)
)
