package downloadview

import (
	"errors"
	"io"
	"io/fs"
	"net"
	"os"
	"runtime"
	"syscall"
)

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
func copyByKernel(w io.ReaderFrom, src io.Reader, n int64) (int64, error) {
	sent, err := w.ReadFrom(&io.LimitedReader{R: src, N: n})
	switch {
	case err == nil && sent == n:
		return sent, nil
	case err == nil:
		return sent, &cutOff{AbortedByOrigin, shortBy(n - sent)}
	case isConnectionError(err), errors.Is(err, os.ErrDeadlineExceeded), errors.Is(err, net.ErrClosed):
		return sent, &cutOff{AbortedByClient, err}
	}
	return sent, &cutOff{AbortedByOrigin, err}
}

// kernelPart returns r where it is what copyByKernel passes on and a write to a
// connection may break it off and go on later; else nil.
func kernelPart(r io.Reader) *io.LimitedReader {
	part, ok := r.(*io.LimitedReader)
	if !ok || runtime.GOOS == "windows" || !isKernelFile(part.R) {
		return nil
	}
	if _, ok := part.R.(io.Seeker); !ok {
		return nil
	}
	return part
}

// readPart has w read part. Where that ends with an error, part goes on after the
// bytes that w has taken: a copy that the kernel didn't do has read more.
func readPart(w io.ReaderFrom, part *io.LimitedReader) (int64, error) {
	left := part.N
	n, err := w.ReadFrom(part)
	if lost := left - part.N - n; err != nil && lost > 0 {
		if _, seekErr := part.R.(io.Seeker).Seek(-lost, io.SeekCurrent); seekErr != nil {
			return n, seekErr
		}
		part.N += lost
	}
	return n, err
}
