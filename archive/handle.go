package archive

import (
	"context"
	"io"
	"io/fs"
)

// A stage is a part of a member, or of the directory.
type stage int

const (
	stageHead stage = iota
	stageBody
	stageFoot
	stageRecords
	stageEnd
)

// A handle reads a part of an archive.
type handle struct {
	ctx     context.Context // valid until Close, and needed to open the members
	index   *index
	options *settings
	pos     int64 // in the archive
	end     int64

	stage   stage
	member  int   // index of the member, or of the record
	skip    int64 // bytes of the stage before the first one to read
	pending []byte
	buffer  []byte
	content *content // of the member; nil: not open
	sums    map[int]uint32
	next    int64 // position of the next report to Progress
	stops   bool  // Read stops before the content of a member that the kernel can send
	err     error
}

func newHandle(ctx context.Context, ix *index, o *settings, offset, end int64) *handle {
	h := &handle{ctx: ctx, index: ix, options: o, pos: offset, end: end, sums: map[int]uint32{}}
	h.seek(offset)
	return h
}

// seek finds the stage of the byte at offset.
func (h *handle) seek(offset int64) {
	ix := h.index
	if offset < ix.directory.offset {
		h.member = ix.find(offset)
		m := &ix.members[h.member]
		h.skip = offset - m.offset
		for _, size := range []int64{ix.format.headSize(m), ix.format.bodySize(m)} {
			if h.skip < size {
				return
			}
			h.skip -= size
			h.stage++
		}
		return
	}
	h.stage, h.member, h.skip = stageRecords, 0, offset-ix.directory.offset
	for h.member < len(ix.members) {
		size := ix.format.recordSize(&ix.members[h.member])
		if h.skip < size {
			return
		}
		h.skip -= size
		h.member++
	}
	h.stage = stageEnd
}

func (h *handle) Stat() (fs.FileInfo, error) { return h.index.info, nil }

func (h *handle) Read(p []byte) (int, error) {
	if h.err != nil {
		return 0, h.err
	}
	p = p[:min(int64(len(p)), h.end-h.pos)]
	if len(p) == 0 {
		if h.pos == h.end {
			return 0, io.EOF
		}
		return 0, nil
	}
	n := 0
	for n < len(p) && h.err == nil && !(h.stops && h.atKernelFile()) {
		var read int
		read, h.err = h.readSome(p[n:])
		n += read
		h.pos += int64(read)
	}
	h.report()
	if n > 0 {
		return n, nil
	}
	return 0, h.err
}

// readSome reads from one stage, and moves on where it ends.
func (h *handle) readSome(p []byte) (int, error) {
	if len(h.pending) == 0 {
		if h.stage == stageBody {
			return h.readBody(p)
		}
		if err := h.render(); err != nil {
			return 0, err
		}
	}
	n := copy(p, h.pending)
	if h.pending = h.pending[n:]; len(h.pending) == 0 {
		return n, h.advance()
	}
	return n, nil
}

// render makes the bytes of the stage.
func (h *handle) render() (err error) {
	ix, b := h.index, h.buffer[:0]
	switch h.stage {
	case stageHead:
		m := &ix.members[h.member]
		if err := h.openContent(0); err != nil {
			return err // before a byte of the member is sent
		}
		b = ix.format.head(b, m)
	case stageFoot:
		m := &ix.members[h.member]
		var sum uint32
		if ix.format.isFramed(m) {
			if sum, err = h.sum(h.member); err != nil {
				return err
			}
		}
		b = ix.format.foot(b, m, sum)
	case stageRecords:
		if h.member < len(ix.members) {
			sum, err := h.sum(h.member)
			if err != nil {
				return err
			}
			b = ix.format.record(b, &ix.members[h.member], sum)
		}
	case stageEnd:
		b = ix.format.end(b, ix.directory)
	}
	h.buffer = b
	h.pending = b[min(h.skip, int64(len(b))):]
	h.skip = 0
	return nil
}

// advance goes to the next stage.
func (h *handle) advance() error {
	switch h.stage {
	case stageHead, stageBody:
		h.stage++
		return nil
	case stageFoot:
		err := h.closeContent()
		h.member++
		h.stage = stageHead
		if h.member == len(h.index.members) {
			h.member, h.stage = 0, stageRecords
		}
		return err
	case stageRecords:
		if h.member++; h.member >= len(h.index.members) {
			h.stage = stageEnd
		}
	}
	return nil
}

// openContent opens the content of the current member from offset on.
func (h *handle) openContent(offset int64) error {
	m := &h.index.members[h.member]
	if m.isFolder() || h.content != nil {
		return nil
	}
	file, err := m.open(h.ctx, offset)
	if err == nil {
		h.content = &content{member: m, file: file, from: offset, at: offset, framed: h.index.format.isFramed(m)}
	}
	return err
}

func (h *handle) closeContent() error {
	c := h.content
	if c == nil {
		return nil
	}
	h.content = nil
	return c.close()
}

func (h *handle) readBody(p []byte) (n int, err error) {
	m := &h.index.members[h.member]
	size := h.index.format.bodySize(m)
	if h.skip < size {
		framed := h.index.format.isFramed(m)
		offset := h.skip
		if framed {
			offset = contentAt(h.skip, m.size)
		}
		if err := h.openContent(offset); err != nil {
			return 0, err
		}
		p = p[:min(int64(len(p)), size-h.skip)]
		if framed {
			n, err = h.content.readFramed(p, h.skip)
		} else {
			n, err = h.content.read(p)
		}
		h.skip += int64(n)
		if err != nil {
			return n, err
		}
		h.remember()
	}
	if h.skip == size {
		h.skip = 0
		if err := h.endContent(); err != nil {
			return n, err
		}
		return n, h.advance()
	}
	return n, nil
}

// endContent keeps the checksum of a member that was read from its first byte.
func (h *handle) endContent() error {
	c := h.content
	if c == nil {
		return nil
	}
	if c.framed && c.from == 0 {
		h.sums[h.member] = c.crc
		h.save(c.member, Beginning{c.at, c.crc})
	}
	return c.finish()
}

// remember saves the checksum of what was read so far, now and then.
func (h *handle) remember() {
	if c := h.content; c.framed && c.from == 0 && c.at-c.saved >= apart && c.at < c.member.size {
		c.saved = c.at
		h.save(c.member, Beginning{c.at, c.crc})
	}
}

// Close closes the open member. A second Close does nothing.
func (h *handle) Close() error {
	h.err = fs.ErrClosed
	return h.closeContent()
}

var _ fs.File = (*handle)(nil)
