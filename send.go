package downloadview

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"os"
	"sync"
	"syscall"
)

// A cutOff is a body that ended before its time.
type cutOff struct {
	by  Party
	err error
}

func (e *cutOff) Error() string { return fmt.Sprintf("cut off by the %v: %v", e.by, e.err) }
func (e *cutOff) Unwrap() error { return e.err }

// copyBody sends n bytes of src, or all of it where n is negative, and returns
// how many went out. The error is a *cutOff.
func copyBody(ctx context.Context, w io.Writer, src io.Reader, n int64) (int64, error) {
	if rf, ok := w.(io.ReaderFrom); ok && n > 0 && isKernelFile(src) {
		return copyByKernel(ctx, rf, src, n)
	}
	buf := copyBuffers.Get().(*[]byte)
	defer copyBuffers.Put(buf)
	var sent int64
	for n < 0 || sent < n {
		chunk := *buf
		if n >= 0 && n-sent < int64(len(chunk)) {
			chunk = chunk[:n-sent]
		}
		read, err := src.Read(chunk)
		if err != nil && err != io.EOF {
			return sent, &cutOff{Origin, err}
		}
		if read > 0 {
			wrote, writeErr := w.Write(chunk[:read])
			sent += int64(wrote)
			if writeErr != nil {
				return sent, &cutOff{Client, writeErr}
			}
		}
		if err == io.EOF {
			break
		}
	}
	if sent < n {
		return sent, &cutOff{Origin, shortBy(n - sent)}
	}
	return sent, nil
}

var copyBuffers = sync.Pool{New: func() any {
	b := make([]byte, 64<<10)
	return &b
}}

// isKernelFile tells whether net can pass src to sendfile(2).
func isKernelFile(src io.Reader) bool {
	_, ok := src.(interface {
		fs.File
		syscall.Conn
	})
	return ok
}

// copyByKernel leaves the copying to w, which hands a limited file on to the kernel
// where nothing stands between it and the connection.
func copyByKernel(ctx context.Context, w io.ReaderFrom, src io.Reader, n int64) (int64, error) {
	sent, err := w.ReadFrom(&io.LimitedReader{R: src, N: n})
	switch {
	case err == nil && sent == n:
		return sent, nil
	case err == nil:
		return sent, &cutOff{Origin, shortBy(n - sent)}
	case ctx.Err() != nil, isConnectionError(err):
		return sent, &cutOff{Client, err}
	}
	return sent, &cutOff{Origin, err}
}

func shortBy(n int64) error {
	return fmt.Errorf("%d bytes are missing: %w", n, io.ErrUnexpectedEOF)
}

// isConnectionError tells the errors of a connection from those of a file, both
// of which ReadFrom returns as a [net.OpError].
func isConnectionError(err error) bool {
	return errors.Is(err, net.ErrClosed) || errors.Is(err, os.ErrDeadlineExceeded) ||
		errors.Is(err, syscall.EPIPE) || errors.Is(err, syscall.ECONNRESET)
}
