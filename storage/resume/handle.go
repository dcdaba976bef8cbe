package resume

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"time"

	"github.com/downloadview/downloadview"
	"github.com/downloadview/downloadview/internal/wrapper"
)

// handle reads a file through one attempt after another.
type handle struct {
	ctx  context.Context // valid until Close, and needed to open again
	file *file
	patience

	info fs.FileInfo // of the first attempt
	tag  string      // "": the file is not opened again
	size int64
	next int64 // offset of the next byte in the whole file
	end  int64 // -1: the end of the attempt

	attempt *attempt // nil: none
	trouble error    // the error that ended the last attempt
	err     error    // the error that ended the download
}

// open makes the first attempt.
func (h *handle) open(call func(context.Context) (fs.File, error)) error {
	for {
		err := h.try(func(limit time.Duration) (err error) {
			h.attempt, err = begin(h.ctx, limit, call)
			return err
		})
		if err == nil {
			break
		}
		if err = h.pause(h.ctx, err); err != nil {
			return err
		}
	}
	a := downloadview.AttributesOf(h.attempt.info)
	h.info, h.size = h.attempt.info, a.Size
	if a.Size >= 0 {
		h.tag = a.StrongETag()
	}
	return nil
}

// reopen continues at next, in the same version.
func (h *handle) reopen() error {
	pinned := wrapper.File{Inner: downloadview.Pin(h.file.Inner, h.tag)}
	for {
		if err := h.pause(h.ctx, h.trouble); err != nil {
			return err
		}
		h.trouble = h.try(func(limit time.Duration) error {
			a, err := begin(h.ctx, limit, func(ctx context.Context) (fs.File, error) {
				return pinned.OpenRange(ctx, h.next, h.end-h.next)
			})
			if err != nil {
				return err
			}
			if now := downloadview.AttributesOf(a.info); now.ETag != h.tag || now.Size != h.size {
				a.Close()
				return fmt.Errorf("%w: %d bytes with entity tag %s became %d with %s",
					downloadview.ErrChanged, h.size, h.tag, now.Size, now.ETag)
			}
			h.attempt = a
			return nil
		})
		if h.trouble == nil {
			return nil
		}
	}
}

func (h *handle) Stat() (fs.FileInfo, error) { return h.info, nil }

func (h *handle) Read(p []byte) (int, error) {
	if h.end >= 0 {
		p = p[:min(int64(len(p)), max(h.end-h.next, 0))]
	}
	for {
		switch {
		case h.err != nil:
			return 0, h.err
		case h.end >= 0 && h.next >= h.end:
			return 0, io.EOF
		case len(p) == 0:
			return 0, nil
		case h.attempt == nil:
			if err := h.reopen(); err != nil {
				h.err = h.failure(err)
				continue
			}
		}
		start := time.Now()
		n, err := h.attempt.read(p, h.left(h.silence))
		if err != nil && h.next+int64(n) == h.end && !passes(err) {
			n = 0 // the last bytes are asked for again
		}
		h.next += int64(n)
		if n > 0 {
			h.renew()
		} else {
			h.spent += time.Since(start)
		}
		switch {
		case err == nil:
			return n, nil
		case err == io.EOF && h.end < 0:
			h.err = io.EOF
			return n, io.EOF
		case h.next == h.end:
			return n, io.EOF
		case err == io.EOF:
			err = io.ErrUnexpectedEOF
		}
		h.drop(err)
		if n > 0 {
			return n, nil
		}
	}
}

// passes reports whether err, which came with the last bytes, doesn't say that something is
// wrong with them: it is their end, or the store had no more time.
func passes(err error) bool { return err == io.EOF || errors.Is(err, os.ErrDeadlineExceeded) }

// drop closes an attempt that has failed.
func (h *handle) drop(err error) {
	h.attempt.Close() // it has failed already
	h.attempt = nil
	switch {
	case h.ctx.Err() != nil:
		h.err = h.failure(h.ctx.Err())
	case h.tag == "":
		h.err = h.failure(err)
	}
	h.trouble = err
}

func (h *handle) failure(err error) error {
	return &fs.PathError{Op: "read", Path: h.file.Name(), Err: fmt.Errorf("at byte %d: %w", h.next, err)}
}

// Close closes the open attempt. A second Close does nothing.
func (h *handle) Close() error {
	h.err = fs.ErrClosed
	if h.attempt == nil {
		return nil
	}
	return h.attempt.Close()
}

// WriteTo lets the handler answer with the right status if not even the first
// byte arrives.
func (h *handle) WriteTo(w io.Writer) (int64, error) {
	r := struct{ io.Reader }{h}
	if rest, ok := w.(interface {
		SendRest(io.Reader) (int64, error)
	}); ok { // the handler's
		return rest.SendRest(r)
	}
	return io.Copy(w, r)
}

// seeking is a handle whose first attempt can seek.
type seeking struct {
	*handle
	first  *attempt
	seeker io.Seeker
}

func (h *seeking) Seek(offset int64, whence int) (int64, error) {
	if h.attempt == h.first {
		at, err := h.seeker.Seek(offset, whence)
		if err == nil {
			h.next = at
		}
		return at, err
	}
	switch whence {
	case io.SeekCurrent:
		offset += h.next
	case io.SeekEnd:
		offset += h.size
	}
	switch {
	case h.err != nil:
		return 0, h.err
	case offset < 0:
		return 0, fmt.Errorf("seek to %d in %d bytes: %w", offset, h.size, fs.ErrInvalid)
	case h.attempt != nil:
		h.attempt.Close() // it has only the bytes from next on
		h.attempt, h.trouble = nil, errElsewhere
	}
	h.next = offset
	return offset, nil
}

var errElsewhere = errors.New("the reader has moved to another offset")

var (
	_ fs.File     = (*handle)(nil)
	_ io.WriterTo = (*handle)(nil)
	_ io.Seeker   = (*seeking)(nil)
)
