package downloadview

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"iter"
	"log/slog"
	"net/http"
	"runtime/debug"
)

// A production is the handle of content that a function writes: to the writer
// of WriteTo, or piece by piece for Read.
type production struct {
	info    fs.FileInfo
	size    int64           // -1: not known
	ctx     context.Context // of Open, valid until Close
	produce func(ctx context.Context, w io.Writer) error

	next func() ([]byte, bool)
	stop func()
	rest []byte // the unread part of the producer's last Write, which waits meanwhile
	err  error  // the error of Read when rest is empty
}

var errBrokeOff = errors.New("the producer ended without returning")

func (h *production) Stat() (fs.FileInfo, error) { return h.info, nil }

// WriteTo lets the producer write to w. After a Read it continues from there.
func (h *production) WriteTo(w io.Writer) (int64, error) {
	if h.next != nil || h.err != nil {
		return io.Copy(w, struct{ io.Reader }{h})
	}
	h.err = errBrokeOff
	n, err := h.run(w)
	if h.err = err; err == nil {
		h.err = io.EOF
	}
	return n, err
}

func (h *production) Read(p []byte) (int, error) {
	if len(p) == 0 {
		return 0, nil
	}
	if h.next == nil && h.err == nil {
		h.next, h.stop = iter.Pull(h.pieces)
	}
	for len(h.rest) == 0 {
		if h.err != nil {
			return 0, h.err
		}
		var ok bool
		if h.rest, ok = h.next(); !ok && h.err == nil {
			h.err = errBrokeOff
		}
	}
	n := copy(p, h.rest)
	h.rest = h.rest[n:]
	return n, nil
}

// pieces yields what the producer writes; the Write waits meanwhile.
func (h *production) pieces(yield func([]byte) bool) {
	if _, h.err = h.run(yielder(yield)); h.err == nil {
		h.err = io.EOF
	}
}

func (h *production) run(w io.Writer) (int64, error) {
	ctx, cancel := context.WithCancel(h.ctx)
	defer cancel()
	e := exactWriter{w: w, ctx: ctx, cancel: cancel, size: h.size}
	err := e.end(h.produce(ctx, &e))
	return e.passed, err
}

// Close ends a producer that still runs.
func (h *production) Close() (err error) {
	// A panic of a producer that is told to end must not stop the cleaning up of
	// others.
	defer func() {
		if p := recover(); p != nil {
			err = panicked(p)
		}
	}()
	if h.stop != nil {
		h.stop()
	}
	h.rest, h.err = nil, fs.ErrClosed
	return nil
}

type yielder func([]byte) bool

func (y yielder) Write(p []byte) (int, error) {
	if !y(p) {
		return 0, fs.ErrClosed
	}
	return len(p), nil
}

var errTooLong = errors.New("the content is longer than its size")

// An exactWriter makes sure that a producer writes the promised size. It keeps
// the last byte back until the producer has returned without an error, because
// a client that has all bytes takes the download for complete.
type exactWriter struct {
	w      io.Writer
	ctx    context.Context
	cancel context.CancelFunc
	size   int64 // -1: not known
	passed int64 // to w
	last   []byte
	err    error // of the first Write that failed, and of all after it
}

func (e *exactWriter) Write(p []byte) (int, error) { return pass(e, p, e.w.Write) }

func (e *exactWriter) WriteString(s string) (int, error) {
	return pass(e, s, func(s string) (int, error) { return io.WriteString(e.w, s) })
}

func (e *exactWriter) Flush() {
	if f, ok := e.w.(http.Flusher); ok && e.err == nil {
		f.Flush()
	}
}

func pass[T []byte | string](e *exactWriter, p T, write func(T) (int, error)) (int, error) {
	if e.err == nil {
		e.err = e.ctx.Err()
	}
	if e.err != nil || len(p) == 0 {
		return 0, e.err
	}
	left := e.size - e.passed - int64(len(e.last))
	if e.size >= 0 && int64(len(p)) > left {
		return 0, e.fail(errTooLong)
	}
	whole := len(p)
	if e.size >= 0 && int64(whole) == left {
		e.last = []byte{p[whole-1]}
		if p = p[:whole-1]; len(p) == 0 {
			return whole, nil
		}
	}
	n, err := write(p)
	e.passed += int64(n)
	if err == nil && n < len(p) {
		err = io.ErrShortWrite
	}
	if err != nil {
		return n, e.fail(err)
	}
	return whole, nil
}

func (e *exactWriter) fail(err error) error {
	e.err = err
	e.cancel()
	return err
}

// end gets the error of the producer and returns that of the content.
func (e *exactWriter) end(err error) error {
	switch {
	case e.err != nil:
		return e.err
	case err != nil:
		return err
	case len(e.last) > 0:
		n, err := e.w.Write(e.last)
		e.passed += int64(n)
		return err
	case e.passed < e.size:
		return shortBy(e.size - e.passed)
	}
	return nil
}

// A panicError is a panic of code that makes or reads content.
type panicError struct {
	value any
	stack []byte
}

// panicked returns the error for a panic. It keeps only the text of value: a
// panic with [fs.ErrNotExist] is not a missing file.
func panicked(value any) error {
	if value == http.ErrAbortHandler {
		return http.ErrAbortHandler
	}
	return &panicError{value, debug.Stack()}
}

func (e *panicError) Error() string { return fmt.Sprintf("panic: %v", e.value) }

// LogValue adds the stack, which is only for the log.
func (e *panicError) LogValue() slog.Value {
	return slog.StringValue(fmt.Sprintf("%v\n%s", e, e.stack))
}

var (
	_ fs.File         = (*production)(nil)
	_ io.WriterTo     = (*production)(nil)
	_ io.StringWriter = (*exactWriter)(nil)
	_ http.Flusher    = (*exactWriter)(nil)
	_ slog.LogValuer  = (*panicError)(nil)
)
