package downloadview

import (
	"bytes"
	"io"
	"io/fs"
	"strings"
)

// stated and closer are what all handles of content that is read share.
type stated struct{ info fs.FileInfo }

func (s stated) Stat() (fs.FileInfo, error) { return s.info, nil }

type closer struct{ c io.Closer }

func (c closer) Close() error {
	if c.c == nil {
		return nil
	}
	return c.c.Close()
}

type bytesHandle struct {
	stated
	closer
	bytes.Reader
}

type stringHandle struct {
	stated
	closer
	strings.Reader
}

type seekerHandle struct {
	stated
	closer
	io.ReadSeeker
}

// A readerHandle makes sure that its reader has the promised size.
type readerHandle struct {
	stated
	closer
	r    io.Reader
	left int64 // -1: any number
}

// Read returns the last bytes only after the reader has ended: the reader may
// have more bytes, or end with an error, as one that checks a sum does.
func (h *readerHandle) Read(p []byte) (int, error) {
	if h.left < 0 || len(p) == 0 {
		return h.r.Read(p)
	}
	if h.left == 0 {
		return 0, io.EOF
	}
	n, err := h.r.Read(p[:min(int64(len(p)), h.left)])
	if int64(n) < h.left {
		h.left -= int64(n)
		if err == io.EOF {
			err = shortBy(h.left)
		}
		return n, err
	}
	if err == nil {
		var more int
		if more, err = io.ReadFull(checkedReader{h.r}, make([]byte, 1)); more > 0 {
			err = errTooLong
		}
	}
	if err != io.EOF {
		return 0, err
	}
	h.left = 0
	return n, nil
}

var (
	_ io.WriterTo = (*bytesHandle)(nil)
	_ io.WriterTo = (*stringHandle)(nil)
	_ io.Seeker   = (*seekerHandle)(nil)
	_ fs.File     = (*readerHandle)(nil)
)
