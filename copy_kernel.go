package downloadview

import (
	"errors"
	"io"
	"io/fs"
	"net"
	"net/http"
	"os"
	"runtime"
	"syscall"
)

// isKernelFile reports whether package net can pass src to sendfile(2), and Read gives the
// same bytes.
func isKernelFile(src io.Reader) bool {
	if _, ok := src.(*os.File); ok {
		return true
	}
	_, ok := src.(interface {
		fs.File
		syscall.Conn
	})
	return ok && promotionOf(src).kernel
}

// writerTo returns src if it can write itself, and Read gives the same bytes. What the
// kernel can send is left to it.
func writerTo(src fs.File) (io.WriterTo, bool) {
	w, ok := src.(io.WriterTo)
	return w, ok && !isKernelFile(src) && promotionOf(src).writesTo
}

// copyByKernel lets w copy n bytes of src. If no wrapper is between w and the
// connection, w uses sendfile(2).
func copyByKernel(w io.ReaderFrom, src io.Reader, n int64) (int64, error) {
	sent, err := safely(w.ReadFrom, io.Reader(&io.LimitedReader{R: src, N: n}))
	switch {
	case err == nil && sent == n:
		return sent, nil
	case errors.Is(err, errTail):
		return sent, errTail
	case err == nil:
		return sent, &cutOff{AbortedByOrigin, shortBy(n - sent)}
	}
	return sent, cutByKernel(err)
}

// cutByKernel returns err with its side, from a write to which the kernel copies a file.
func cutByKernel(err error) *cutOff {
	if isConnectionError(err) || errors.Is(err, os.ErrDeadlineExceeded) || errors.Is(err, net.ErrClosed) {
		return &cutOff{AbortedByClient, err}
	}
	_, paced := errors.AsType[*paceError](err)
	_, panics := errors.AsType[*panicError](err)
	if paced || panics || err == http.ErrAbortHandler || err == http.ErrBodyNotAllowed {
		return &cutOff{AbortedByClient, err} // of writing; party finds out whose
	}
	return &cutOff{AbortedByOrigin, err}
}

// kernelPart returns r if it comes from copyByKernel and copying can go on after a
// write to the connection was interrupted; else nil.
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

// readPart lets w read part. If that fails, readPart moves part back to the first
// byte that w has not taken: a copy without the kernel may have read more.
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
