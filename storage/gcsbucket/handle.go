package gcsbucket

import (
	"context"
	"io"
	"io/fs"

	"github.com/downloadview/downloadview/internal/bucket"
	"github.com/downloadview/downloadview/internal/httprange"
)

// handle is the body of one answer. It can't seek: that would be another
// request, for what may be another version.
type handle struct {
	ctx  context.Context // of the request, to tell its end from the store's
	file *file
	body *httprange.Body
	info fs.FileInfo
}

func (h *handle) Stat() (fs.FileInfo, error) { return h.info, nil }

func (h *handle) Read(p []byte) (int, error) {
	n, err := h.body.Read(p)
	if err == nil || err == io.EOF {
		return n, err
	}
	return n, &fs.PathError{Op: "read", Path: h.file.key, Err: bucket.Failed(h.ctx, err)}
}

// Close never fails: the SDK would tell once more what Read has told.
func (h *handle) Close() error {
	h.body.Close()
	return nil
}

var _ fs.File = (*handle)(nil)
