package spool

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"sync"

	"github.com/downloadview/downloadview"
	"github.com/downloadview/downloadview/internal/wrapper"
)

// A follower is a handle of content that is being made. It is an [io.Seeker], so
// that there are ranges if the size is known.
type follower struct {
	making *making
	ctx    context.Context // of Open, valid until Close
	info   fs.FileInfo
	offset int64
	sought bool    // the offset was set, and nothing was read since
	alone  fs.File // the rest of the content, from the file itself; nil: from the part
	closed bool
}

// follow returns a handle after join. It returns neither a handle nor an error if the
// content is complete. Close of the handle leaves; if there is none, follow does.
func (m *making) follow(ctx context.Context) (*follower, error) {
	select {
	case <-m.ready:
	case <-ctx.Done():
		m.leave()
		return nil, ctx.Err()
	}
	if m.part == nil {
		m.leave()
		return nil, m.err
	}
	switch end := m.part.join(); end {
	case nil:
	case io.EOF, errDamaged: // the next making doesn't ask the second store
		m.leave()
		return nil, nil
	case errAlone:
		m.leave()
		return nil, errUnspooled
	default:
		m.leave()
		return nil, end
	}
	return &follower{making: m, ctx: ctx, info: m.known()}, nil
}

// known returns what is known of the content at this moment. There is something to
// follow.
func (m *making) known() fs.FileInfo {
	a := m.info
	if a.Size < 0 {
		switch length, end := m.part.state(); end {
		case nil:
			a.SoFar = length
		case io.EOF:
			a.Size = length
		}
	}
	return a.FileInfo(m.file.Name())
}

func (h *follower) Stat() (fs.FileInfo, error) { return h.making.known(), nil }

func (h *follower) Read(p []byte) (int, error) {
	switch {
	case h.closed:
		return 0, fs.ErrClosed
	case len(p) == 0:
		return 0, nil
	}
	if h.sought && h.alone == nil && !h.making.part.has(h.offset) {
		h.alone = h.rangeAhead()
	}
	h.sought = false
	if h.alone == nil {
		part := h.making.part
		length, err := part.await(h.ctx, h.offset)
		if length > h.offset {
			n, err := part.file.ReadAt(p[:min(int64(len(p)), length-h.offset)], h.offset)
			h.offset += int64(n)
			if err == io.EOF { // another has cut the file
				err = io.ErrUnexpectedEOF
			}
			return n, err
		}
		if err != errAlone {
			return 0, err
		}
		if err := h.goOn(length); err != nil {
			return 0, err
		}
	}
	n, err := wrapper.CheckedReader{Reader: h.alone}.Read(p)
	h.offset += int64(n)
	return n, err
}

// rangeAhead opens the file itself at an offset that is not there yet, or returns nil
// if it must be waited for. The entity tag says that the bytes are the same.
func (h *follower) rangeAhead() fs.File {
	want := h.making.info.ETag
	r, ok := downloadview.Find[downloadview.RangeFile](downloadview.Pin(h.making.file, want))
	if !ok {
		return nil
	}
	f, err := r.OpenRange(h.ctx, h.offset, -1)
	if err != nil || wrapper.IsNothing(f) {
		return nil
	}
	fi, err := wrapper.Stat(f)
	if err != nil || downloadview.AttributesOf(fi).StrongETag() != want {
		f.Close()
		return nil
	}
	return f
}

// errUnlike says that the content could not be made a second time.
var errUnlike = errors.New("the content doesn't fit into the spool, and when it was made again it had other bytes")

// goOn opens the file itself at the offset. What it makes must begin as the part
// does, whose length bytes may have been sent.
func (h *follower) goOn(length int64) error {
	f, err := wrapper.Open(h.ctx, h.making.file)
	if err != nil {
		return err
	}
	r := wrapper.CheckedReader{Reader: f}
	made, kept := make([]byte, 64<<10), make([]byte, 64<<10)
	for done := int64(0); err == nil && done < length; {
		n := min(length-done, int64(len(made)))
		if _, err = io.ReadFull(r, made[:n]); err == nil {
			_, err = h.making.part.file.ReadAt(kept[:n], done)
		}
		if err == nil && !bytes.Equal(made[:n], kept[:n]) {
			err = errUnlike
		}
		done += n
	}
	if err == nil && h.offset > length {
		_, err = io.CopyN(io.Discard, r, h.offset-length)
	}
	if err == io.EOF || err == io.ErrUnexpectedEOF {
		err = errUnlike
	}
	if err != nil {
		f.Close()
		return err
	}
	h.alone = f
	return nil
}

var buffers = sync.Pool{New: func() any { return new([64 << 10]byte) }}

// WriteTo writes the rest of the content. What is there is flushed before it waits
// for more.
func (h *follower) WriteTo(w io.Writer) (written int64, err error) {
	buf := buffers.Get().(*[64 << 10]byte)
	defer buffers.Put(buf)
	flusher, _ := w.(http.Flusher)
	for {
		if flusher != nil && written > 0 && h.alone == nil && !h.making.part.has(h.offset) {
			flusher.Flush()
		}
		n, err := h.Read(buf[:])
		if n > 0 {
			wrote, err := w.Write(buf[:n])
			written += int64(wrote)
			if err != nil {
				return written, err
			}
		}
		if err == io.EOF {
			return written, nil
		}
		if err != nil {
			return written, err
		}
	}
}

func (h *follower) Seek(offset int64, whence int) (int64, error) {
	switch whence {
	case io.SeekStart:
	case io.SeekCurrent:
		offset += h.offset
	case io.SeekEnd:
		if h.info.Size() < 0 {
			return 0, fmt.Errorf("the size of %q is not known yet: %w", h.info.Name(), errors.ErrUnsupported)
		}
		offset += h.info.Size()
	default:
		return 0, fs.ErrInvalid
	}
	if offset < 0 {
		return 0, fs.ErrInvalid
	}
	if h.alone != nil && offset != h.offset {
		h.alone.Close()
		h.alone = nil
	}
	h.offset, h.sought = offset, true
	return offset, nil
}

func (h *follower) Close() error {
	if h.closed {
		return fs.ErrClosed
	}
	h.closed = true
	defer h.making.leave()
	defer h.making.part.leave()
	if h.alone != nil {
		h.alone.Close()
	}
	return nil
}

var (
	_ io.WriterTo = (*follower)(nil)
	_ io.Seeker   = (*follower)(nil)
)
