package spool

import (
	"context"
	"errors"
	"fmt"
	"hash"
	"io"
	"io/fs"
	"net/http"
	"syscall"

	"github.com/downloadview/downloadview"
	"github.com/downloadview/downloadview/internal/wrapper"
)

// A writer writes content to its part.
type writer struct {
	making *making
	part   *part
	size   int64 // -1: not known
	hash   hash.Hash

	written int64
	shown   int64 // of them, to those who follow
	unfit   bool  // the content has another length than its size
	alone   error // why the folder takes no more
	err     error // of the first Write that failed, and of all after it
}

var (
	errTooLong = errors.New("the content is longer than its size")
	errDamaged = fmt.Errorf("%w: the second store has other content than what was saved", downloadview.ErrUpstream)
)

// take writes all of h.
func (w *writer) take(h fs.File) (err error) {
	defer recoverInto(&err)
	src := io.Reader(h)
	_, writes := h.(io.WriterTo)
	if _, system := h.(syscall.Conn); system || !writes { // a struct that embeds an *os.File has its WriteTo
		src = wrapper.CheckedReader{Reader: h}
	}
	_, err = io.Copy(w, src)
	switch {
	case w.err != nil:
		return w.err
	case err != nil:
		return err
	case w.written < w.size:
		w.unfit = true
		return fmt.Errorf("%d bytes are missing: %w", w.size-w.written, io.ErrUnexpectedEOF)
	}
	// A producer that was told to end may return without an error.
	return context.Cause(w.making.ctx)
}

func (w *writer) Write(p []byte) (int, error) {
	if w.err == nil {
		w.err = context.Cause(w.making.ctx)
	}
	if w.err != nil || len(p) == 0 {
		return 0, w.err
	}
	if w.size >= 0 && int64(len(p)) > w.size-w.written {
		w.unfit, w.err = true, errTooLong
		return 0, w.err
	}
	if w.alone = w.reserve(w.written + int64(len(p))); w.alone != nil {
		w.err = errAlone
		return 0, w.err
	}
	n, err := w.part.file.WriteAt(p, w.written)
	w.hash.Write(p[:n])
	w.written += int64(n)
	if err != nil {
		w.alone, w.err = err, errAlone
		return n, w.err
	}
	// The last byte of a known size waits until everything has turned out right,
	// because a client that has all bytes takes the download for complete.
	if w.shown = w.written; w.written == w.size {
		w.shown--
	}
	w.part.grow(w.shown)
	return n, nil
}

// Flush does nothing: what is written can be read at once.
func (w *writer) Flush() {}

// reserve makes sure that the part may have size bytes.
func (w *writer) reserve(size int64) error {
	s := w.making.spool
	if s.options.MaxBytes == 0 || size <= w.part.reserved {
		return nil
	}
	ahead := min(size+max(size/8, 1<<20), s.options.MaxBytes)
	if ahead > size && s.room(w.part, ahead) == nil {
		return nil
	}
	return s.room(w.part, size)
}

var _ http.Flusher = (*writer)(nil)
