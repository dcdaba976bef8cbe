package readahead

import (
	"fmt"
	"io"
	"io/fs"

	"github.com/downloadview/downloadview"
	"github.com/downloadview/downloadview/internal/wrapper"
)

// A part is a piece of a file that is fetched into a buffer.
type part struct {
	start, length int64
	buffer        *buffer // may be longer than the part

	// Guarded by the handle.
	filled   int64
	err      error
	leader   *part // owner of the shared buffer, whose bytes are read first
	follower *part
}

// pop removes the first part and returns its buffer, unless another part uses
// the buffer already.
func (h *handle) pop() (free *buffer) {
	p := h.ahead[0]
	h.ahead = h.ahead[1:]
	if p.follower != nil {
		p.follower.leader = nil
		return nil
	}
	h.buffers--
	return p.buffer
}

// extend starts to fetch further parts, as long as there is memory.
func (h *handle) extend() {
	h.mu.Lock()
	for !h.closed && h.planned < h.end {
		p := &part{start: h.planned, length: min(h.file.settings.partSize, h.end-h.planned)}
		if !h.place(p) {
			break
		}
		h.planned += p.length
		h.ahead = append(h.ahead, p)
		h.fetching.Go(func() { h.fetch(p) })
	}
	done := h.planned >= h.end
	h.mu.Unlock()
	if done {
		h.lease.leave()
	}
}

// place finds a buffer for p: a new one, or that of the part being read.
func (h *handle) place(p *part) bool {
	if h.buffers < h.file.settings.parts {
		if p.buffer = h.lease.take(p.length); p.buffer != nil {
			h.buffers++
			return true
		}
	}
	if len(h.ahead) == 0 || h.next < h.ahead[0].start {
		return false
	}
	front := h.ahead[0]
	if front.follower != nil || !h.lease.keeps() {
		return false
	}
	p.leader, p.buffer, front.follower = front, front.buffer, p
	return true
}

// fetch fills p, while the reader may be reading it.
func (h *handle) fetch(p *part) {
	err := h.fill(p)
	h.mu.Lock()
	defer h.mu.Unlock()
	p.err = err
	h.moved.Broadcast()
}

func (h *handle) fill(p *part) (err error) {
	// In this goroutine, the handler can't recover from panics.
	defer func() {
		if v := recover(); v != nil {
			err = fmt.Errorf("panic: %v", v)
		}
	}()
	f, err := h.open(p.start, p.length)
	if err != nil {
		return err
	}
	defer f.Close() // everything needed has been read
	for {
		room, err := h.room(p)
		if len(room) == 0 || err != nil {
			return err
		}
		n, err := wrapper.CheckedReader{Reader: f}.Read(room)
		if err != nil && err != io.EOF {
			return err // it may say that these bytes are wrong
		}
		h.mu.Lock()
		p.filled += int64(n)
		short := p.filled < p.length
		h.moved.Broadcast()
		h.mu.Unlock()
		switch {
		case err == io.EOF && short:
			return io.ErrUnexpectedEOF
		case !short:
			return nil
		}
	}
}

// room waits until p may have more bytes, and returns where they are stored.
func (h *handle) room(p *part) ([]byte, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for h.ctx.Err() == nil {
		limit := p.length
		if p.leader != nil {
			limit = min(limit, h.next-p.leader.start)
		}
		if limit > p.filled {
			return p.buffer.bytes[p.filled:limit], nil
		}
		h.moved.Wait()
	}
	return nil, h.ctx.Err()
}

// open opens a part in the same version as the first.
func (h *handle) open(offset, length int64) (fs.File, error) {
	f, err := h.pinned.OpenRange(h.ctx, offset, length)
	if err != nil {
		return nil, err
	}
	info, err := wrapper.Stat(f)
	if err == nil {
		if now := downloadview.AttributesOf(info); now.ETag != h.facts.ETag || now.Size != h.facts.Size {
			err = fmt.Errorf("%w: %d bytes with entity tag %s became %d with %s",
				downloadview.ErrChanged, h.facts.Size, h.facts.ETag, now.Size, now.ETag)
		}
	}
	if err != nil {
		f.Close()
		return nil, err
	}
	return f, nil
}

// pinnedTo returns f pinned to one version.
func pinnedTo(f downloadview.File, etag string) wrapper.File {
	return wrapper.File{Inner: downloadview.Pin(f, etag)}
}
