package s3bucket

import (
	"io"
	"io/fs"

	"github.com/downloadview/downloadview"
)

// handle is the body of one answer. It can't seek: that would be another
// request, for what may be another version.
type handle struct {
	body       io.ReadCloser
	left       int64 // bytes that the answer promised and has not given; <= 0: none, or it promised nothing
	key        string
	attributes downloadview.Attributes
}

func (h *handle) Stat() (fs.FileInfo, error) { return h.attributes.FileInfo(h.key), nil }

func (h *handle) Read(p []byte) (int, error) {
	n, err := h.body.Read(p)
	h.left -= int64(n)
	switch {
	case err == nil:
		return n, nil
	case err == io.EOF && h.left <= 0:
		return n, io.EOF
	case err == io.EOF:
		err = io.ErrUnexpectedEOF
	}
	return n, failure("read", h.key, err)
}

func (h *handle) Close() error { return h.body.Close() }

var _ fs.File = (*handle)(nil)
