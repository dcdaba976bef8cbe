package readahead

import (
	"context"
	"fmt"
	"io"
	"io/fs"
	"sync"

	"github.com/downloadview/downloadview"
	"github.com/downloadview/downloadview/internal/wrapper"
)

// handle returns the bytes of a file in order: those of the direct part from
// its connection, those of the parts ahead from their buffers.
//
// While the first part is read, the next part to be fetched may follow it in
// its own buffer, so that no connection has to wait for memory.
type handle struct {
	file   *file
	pinned wrapper.File
	info   fs.FileInfo
	facts  downloadview.Attributes
	end    int64
	lease  lease

	ctx    context.Context // of the fetches, ends at Close
	cancel context.CancelFunc
	alarm  func() bool

	// Used only by the reading goroutine.
	direct    fs.File // nil: none
	directEnd int64
	begun     bool
	err       error

	fetching sync.WaitGroup
	mu       sync.Mutex
	moved    sync.Cond // next or a part has changed
	next     int64     // offset of the next byte in the whole file
	ahead    []*part   // in order; the first one may be in use by the reader
	planned  int64     // where the next part begins
	buffers  int
	closed   bool
}

func newHandle(ctx context.Context, f *file, first fs.File, info fs.FileInfo, offset, end int64) *handle {
	facts := downloadview.AttributesOf(info)
	h := &handle{
		file: f, pinned: pinnedTo(f.Inner, facts.ETag), info: info, facts: facts, end: end,
		direct: first, directEnd: offset + f.settings.minSize,
		next: offset, planned: offset + f.settings.minSize,
	}
	h.moved.L = &h.mu
	h.lease = lease{budget: f.settings.budget, wake: h.extend}
	h.ctx, h.cancel = context.WithCancel(ctx)
	h.alarm = context.AfterFunc(h.ctx, func() {
		h.mu.Lock()
		defer h.mu.Unlock()
		h.moved.Broadcast()
	})
	return h
}

func (h *handle) Stat() (fs.FileInfo, error) { return h.info, nil }

func (h *handle) Read(p []byte) (int, error) {
	if len(p) == 0 {
		return 0, nil
	}
	b, err := h.peek(p)
	n := copy(p, b)
	h.advance(n)
	return n, err
}

// WriteTo writes directly from the buffers, without a copy.
func (h *handle) WriteTo(w io.Writer) (int64, error) {
	own := scratch.Get().(*[64 << 10]byte)
	defer scratch.Put(own)
	var sent int64
	for {
		b, err := h.peek(own[:])
		if len(b) > 0 {
			n, writeErr := w.Write(b)
			sent += int64(n)
			h.advance(n)
			if writeErr != nil {
				return sent, writeErr
			}
		}
		if err == io.EOF {
			return sent, nil
		}
		if err != nil {
			return sent, err
		}
	}
}

var scratch = sync.Pool{New: func() any { return new([64 << 10]byte) }}

// atOnce is the maximum number of bytes to write from a buffer at once: only
// bytes that have been written make room for the next part.
const atOnce = 256 << 10

// peek returns the next bytes: those of the direct part in own, others in their
// buffer. They count as read after a call of advance. If there is an error,
// there are no bytes.
func (h *handle) peek(own []byte) ([]byte, error) {
	switch {
	case h.err != nil:
		return nil, h.err
	case h.next == h.end:
		return nil, io.EOF
	case !h.begun:
		h.begun = true
		h.extend()
	}
	b, err := h.front(own)
	if err != nil {
		h.err = &fs.PathError{Op: "read", Path: h.file.Name(), Err: fmt.Errorf("at byte %d: %w", h.next+int64(len(b)), err)}
		if len(b) == 0 {
			return nil, h.err
		}
	}
	return b, nil
}

func (h *handle) front(own []byte) ([]byte, error) {
	if h.direct != nil {
		return h.readDirect(own)
	}
	h.mu.Lock()
	if len(h.ahead) > 0 {
		defer h.mu.Unlock()
		p := h.ahead[0]
		at := h.next - p.start
		for p.filled == at && p.err == nil {
			h.moved.Wait()
		}
		if p.filled == at {
			return nil, p.err
		}
		return p.buffer.bytes[at:min(p.filled, at+atOnce)], nil
	}
	// Without memory for it, the part is streamed directly.
	length := min(h.file.settings.partSize, h.end-h.next)
	h.planned = h.next + length
	h.mu.Unlock()
	h.extend()
	f, err := h.open(h.next, length)
	if err != nil {
		return nil, err
	}
	h.direct, h.directEnd = f, h.next+length
	return h.readDirect(own)
}

func (h *handle) readDirect(own []byte) ([]byte, error) {
	n, err := wrapper.CheckedReader{Reader: h.direct}.Read(own[:min(int64(len(own)), h.directEnd-h.next)])
	switch {
	case err != nil && err != io.EOF:
		return nil, err // it may say that these bytes are wrong
	case h.next+int64(n) == h.directEnd:
		err = nil
	case err == io.EOF:
		err = io.ErrUnexpectedEOF
	}
	return own[:n], err
}

// advance counts n bytes as read, and releases what is no longer needed.
func (h *handle) advance(n int) {
	if n == 0 {
		return
	}
	h.mu.Lock()
	h.next += int64(n)
	direct := h.direct != nil
	var free *buffer
	done := direct && h.next == h.directEnd
	if !direct && h.next == h.ahead[0].start+h.ahead[0].length {
		free, done = h.pop(), true
	}
	h.moved.Broadcast()
	h.mu.Unlock()
	if free != nil {
		h.lease.give(free)
	}
	if direct && done {
		h.direct.Close() // everything needed has been read
		h.direct = nil
	}
	if done {
		h.extend()
	}
}

// Close cancels the fetches and waits until they have ended. A second Close
// does nothing.
func (h *handle) Close() error {
	h.mu.Lock()
	again := h.closed
	h.closed = true
	h.mu.Unlock()
	if again {
		return nil
	}
	h.err = fs.ErrClosed
	h.alarm()
	h.cancel()
	h.mu.Lock()
	h.moved.Broadcast()
	h.mu.Unlock()
	defer h.giveBack()
	if h.direct != nil {
		return h.direct.Close()
	}
	return nil
}

// giveBack gives the memory back when all fetches have ended.
func (h *handle) giveBack() {
	h.fetching.Wait()
	for len(h.ahead) > 0 {
		if b := h.pop(); b != nil {
			h.lease.give(b)
		}
	}
	h.lease.leave()
}

var (
	_ fs.File     = (*handle)(nil)
	_ io.WriterTo = (*handle)(nil)
)
