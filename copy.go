package downloadview

import (
	"errors"
	"fmt"
	"io"
	"net/http"
)

// A cutOff is the error of a body that could not be sent completely. by is
// [AbortedByOrigin] if reading the file failed, and [AbortedByClient] if writing
// failed, for whatever reason.
type cutOff struct {
	by  AbortedBy
	err error
}

func (e *cutOff) Error() string { return fmt.Sprintf("cut off by the %v: %v", e.by, e.err) }
func (e *cutOff) Unwrap() error { return e.err }

// copyBody sends n bytes of src, or all of src if n is negative, and returns how
// many bytes it sent. The error is a *cutOff, also for a panic; or errTail, if t is not nil.
func copyBody(w io.Writer, src io.Reader, n int64, t *tail) (sent int64, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = &cutOff{AbortedByOrigin, panicked(p)}
		}
	}()
	if rf, ok := w.(io.ReaderFrom); ok && n > 0 && isKernelFile(src) {
		return copyByKernel(rf, src, n)
	}
	sent, readErr, writeErr := copyPieces(func(p []byte) (int, error) { return writeTo(w, p) }, src, n, t)
	switch {
	case readErr != nil:
		return sent, &cutOff{AbortedByOrigin, readErr}
	case writeErr == errTail:
		return sent, errTail
	case writeErr != nil:
		return sent, &cutOff{AbortedByClient, writeErr}
	case sent < n:
		return sent, &cutOff{AbortedByOrigin, shortBy(n - sent)}
	}
	return sent, nil
}

// unwanted reports whether err is of a writer whose answer has no body: a wrapper has changed
// the status, to a 304 for example. That answer is complete.
func unwanted(err error) bool {
	cut, ok := errors.AsType[*cutOff](err)
	return ok && cut.by == AbortedByClient && errors.Is(cut.err, http.ErrBodyNotAllowed)
}

// safely returns what write returns, or an error for its panic: that of a writer is not
// taken for one of the file.
func safely[T any, N int | int64](write func(T) (N, error), p T) (n N, err error) {
	defer func() {
		if v := recover(); v != nil {
			err = panicked(v)
		}
	}()
	return write(p)
}

func shortBy(n int64) error {
	return fmt.Errorf("%d bytes are missing: %w", n, io.ErrUnexpectedEOF)
}

// A bodyWriter is the writer for files with a WriteTo method. It sends the header
// before the first byte, and keeps the client's errors apart from those of WriteTo.
type bodyWriter struct {
	w      http.ResponseWriter
	status int
	size   int64 // -1: not known
	least  int64 // fewer bytes are an error
	begun  bool  // the header has been sent
	busy   bool  // w is writing; still set after a panic of w
	sent   int64
	full   bool  // WriteTo wrote more than size bytes
	err    error // of writing to w

	strings func(io.Writer, string) (int, error) // see stringsTo; nil until it is needed

	mayEnd *tail // of SendRest; nil: it isn't parked
	tail   *tail // mayEnd in SendRest, else nil
	hold   bool  // the header may wait in the socket for the first byte
}

var (
	errFull          = errors.New("all bytes have been sent")
	errWritePanicked = &panicError{value: "of a writer, from which the producer recovered"}
)

// take lets src write the whole body.
func (b *bodyWriter) take(src io.WriterTo) (cut *cutOff) {
	defer func() {
		if p := recover(); p != nil {
			cut = &cutOff{AbortedByOrigin, panicked(p)}
			if b.busy {
				cut.by = AbortedByClient
			}
		}
	}()
	_, err := src.WriteTo(b)
	switch {
	case b.err == errTail && errors.Is(err, errTail):
		return &cutOff{NotAborted, errTail}
	case b.failed():
		return &cutOff{AbortedByClient, b.err}
	case b.full: // all promised bytes are sent; reading src would also have stopped there
		return nil
	case err != nil:
		return &cutOff{AbortedByOrigin, err}
	case b.sent < b.least:
		return &cutOff{AbortedByOrigin, shortBy(b.least - b.sent)}
	}
	b.begin()
	return nil
}

// failed reports whether a write failed, also by a panic from which src recovered.
func (b *bodyWriter) failed() bool {
	if b.busy && b.err == nil {
		b.err = errWritePanicked
	}
	return b.err != nil
}

func (b *bodyWriter) begin() {
	if !b.begun {
		b.begun = true
		b.w.WriteHeader(b.status)
		if b.tail != nil {
			b.tail.count(b.w, b.hold)
		}
	}
}

func (b *bodyWriter) Write(p []byte) (int, error) { return forward(b, p, b.w.Write) }

func (b *bodyWriter) WriteString(s string) (int, error) {
	if b.strings == nil {
		b.strings = stringsTo(b.w)
	}
	return forward(b, s, func(s string) (int, error) { return b.strings(b.w, s) })
}

// SendRest is ReadFrom for a caller that has written nothing and does nothing afterwards
// but return the result. So the rest can be sent without the caller. Storages find it by
// its name.
func (b *bodyWriter) SendRest(r io.Reader) (int64, error) {
	if b.mayEnd != nil && !b.begun && kernelPart(r) == nil {
		b.tail = b.mayEnd
		b.tail.unborn = true
		b.tail.begin(r, b.size)
	}
	return b.ReadFrom(r)
}

// ReadFrom sends all of r: by the kernel if r is a part of a system's file.
func (b *bodyWriter) ReadFrom(r io.Reader) (int64, error) {
	if part, w := kernelPart(r), b.readerFrom(); part != nil && w != nil && b.fits(part.N) {
		return b.readPart(w, part)
	}
	n, readErr, writeErr := copyPieces(b.Write, r, -1, b.tail)
	if writeErr == errTail {
		b.err = errTail
	}
	if readErr != nil {
		return n, readErr
	}
	return n, writeErr
}

func forward[T []byte | string](b *bodyWriter, p T, write func(T) (int, error)) (int, error) {
	if b.failed() || len(p) == 0 {
		return 0, b.err
	}
	over := b.size >= 0 && int64(len(p)) > b.size-b.sent
	if over {
		p = p[:b.size-b.sent]
	}
	n := 0
	if len(p) > 0 {
		b.begin()
		b.busy = true // cheaper than a deferred call for each small piece
		n, b.err = write(p)
		b.busy = false
		n, b.err = written(n, len(p), b.err)
		b.sent += int64(n)
	}
	if b.err == nil && over {
		b.full = true
		return n, errFull
	}
	return n, b.err
}

func (b *bodyWriter) readerFrom() io.ReaderFrom {
	w, _ := b.w.(io.ReaderFrom)
	return w
}

// fits reports whether n more bytes can be sent.
func (b *bodyWriter) fits(n int64) bool {
	return !b.failed() && n > 0 && (b.size < 0 || n <= b.size-b.sent)
}

// readPart lets w read part. A part that ends early is no error of ReadFrom.
func (b *bodyWriter) readPart(w io.ReaderFrom, part *io.LimitedReader) (int64, error) {
	b.begin()
	n, err := copyByKernel(w, part.R, part.N)
	part.N -= n
	b.sent += n
	cut, ok := errors.AsType[*cutOff](err)
	switch {
	case !ok || cut.by == AbortedByOrigin && errors.Is(cut.err, io.ErrUnexpectedEOF):
		return n, nil
	case cut.by == AbortedByClient:
		b.err = cut.err
	}
	return n, cut.err
}

// Flush sends the bytes that are still in the server's buffers.
func (b *bodyWriter) Flush() {
	if b.err != nil {
		return
	}
	b.begin()
	if err := flush(b.w); !errors.Is(err, errors.ErrUnsupported) {
		b.err = err
	}
}
