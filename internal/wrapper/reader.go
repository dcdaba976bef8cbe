package wrapper

import (
	"errors"
	"io"
)

// A CheckedReader reads from another one, with an error where that breaks the contract of
// [io.Reader]. So a reader that returns neither bytes nor an error keeps nobody busy for
// ever.
type CheckedReader struct{ io.Reader }

// mostEmptyReads is after how many reads without bytes and without an error a reader
// counts as broken, as in package bufio.
const mostEmptyReads = 100

var errReadCount = errors.New("Read returned an invalid count")

func (r CheckedReader) Read(p []byte) (int, error) {
	for range mostEmptyReads {
		n, err := r.Reader.Read(p)
		if n < 0 || n > len(p) {
			return 0, errReadCount
		}
		if n > 0 || err != nil || len(p) == 0 {
			return n, err
		}
	}
	return 0, io.ErrNoProgress
}
