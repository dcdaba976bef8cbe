package archive

import (
	"fmt"
	"io"
	"io/fs"
	"syscall"
)

// A sender is a handle that writes itself. So the handler answers with the right
// status if the first member can't be opened, and the kernel sends content that is in
// the archive as it is.
type sender struct{ *handle }

// kernelSize is the size from which on content is worth a system call of its own.
const kernelSize = 16 << 10

func (h *sender) WriteTo(w io.Writer) (total int64, err error) {
	rf, ok := w.(io.ReaderFrom)
	if !ok {
		return io.Copy(w, struct{ io.Reader }{h.handle})
	}
	if err := h.openStored(); err != nil {
		return 0, err
	}
	h.stops = true
	defer func() { h.stops = false }()
	for h.pos < h.end {
		var n int64
		if h.atKernelFile() {
			n, err = h.sendContent(rf)
		} else {
			n, err = rf.ReadFrom(stretch{h.handle})
		}
		if total += n; err != nil {
			return total, err
		}
	}
	return total, nil
}

// openStored opens the member in which a range begins, so that the kernel sends all of
// its content.
func (h *handle) openStored() error {
	if h.err != nil || h.stage != stageBody || h.pos == h.end || h.index.format.isFramed(&h.index.members[h.member]) {
		return nil
	}
	h.err = h.openContent(h.skip)
	return h.err
}

// A stretch ends where the kernel can go on.
type stretch struct{ h *handle }

func (s stretch) Read(p []byte) (int, error) {
	if s.h.atKernelFile() {
		return 0, io.EOF
	}
	return s.h.Read(p)
}

// atKernelFile reports whether the next bytes are content that the kernel can send.
func (h *handle) atKernelFile() bool {
	if h.stage != stageBody || len(h.pending) > 0 || h.content == nil || h.content.framed || h.err != nil {
		return false
	}
	_, ok := h.content.file.(interface {
		fs.File
		syscall.Conn
	})
	return ok && min(h.content.member.size-h.content.at, h.end-h.pos) >= kernelSize
}

// sendContent lets w read the content of the current member.
func (h *handle) sendContent(w io.ReaderFrom) (int64, error) {
	c := h.content
	part := min(c.member.size-c.at, h.end-h.pos)
	if h.options.Progress != nil {
		part = min(part, reportEvery)
	}
	n, err := w.ReadFrom(&io.LimitedReader{R: c.file, N: part})
	c.at += n
	h.skip += n
	h.pos += n
	switch {
	case err != nil:
		h.err = err
	case n < part:
		h.err = c.member.failed(fmt.Errorf("at byte %d of %d: %w", c.at, c.member.size, io.ErrUnexpectedEOF))
	}
	h.report()
	return n, h.err
}

var _ io.WriterTo = (*sender)(nil)
