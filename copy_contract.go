package downloadview

import (
	"errors"
	"io"
)

// mostEmptyReads is after how many reads without bytes and without an error a reader
// counts as broken, as in package bufio.
const mostEmptyReads = 100

var errReadCount = errors.New("Read returned an invalid count")

// readSome is src.Read, with an error where src breaks the contract of [io.Reader].
func readSome(src io.Reader, p []byte) (int, error) {
	for range mostEmptyReads {
		n, err := src.Read(p)
		if n < 0 || n > len(p) {
			return 0, errReadCount
		}
		if n > 0 || err != nil || len(p) == 0 {
			return n, err
		}
	}
	return 0, io.ErrNoProgress
}

// A checkedReader reads with [readSome].
type checkedReader struct{ io.Reader }

func (r checkedReader) Read(p []byte) (int, error) { return readSome(r.Reader, p) }

// written corrects what a Write of size bytes has returned, where the writer breaks the
// contract of [io.Writer]. Wrappers that change the bytes may return the count of the
// writer below.
func written(n, size int, err error) (int, error) {
	if err == nil && n < size {
		err = io.ErrShortWrite
	}
	return max(0, min(n, size)), err
}

// writeTo is w.Write, corrected, with an error for a panic.
func writeTo(w io.Writer, p []byte) (int, error) {
	n, err := safely(w.Write, p)
	return written(n, len(p), err)
}
