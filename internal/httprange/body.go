package httprange

import (
	"fmt"
	"io"
)

// A Body reads the body of an answer and checks its length.
type Body struct {
	from   io.ReadCloser
	length int64 // negative: unknown
	left   int64
}

// NewBody returns a Body of length bytes, or of any length if length is
// negative. If from ends earlier, the error is [io.ErrUnexpectedEOF]. If it is
// longer, there is another error, and the additional bytes are not returned.
// Close closes from.
func NewBody(from io.ReadCloser, length int64) *Body {
	return &Body{from: from, length: length, left: length}
}

func (b *Body) Read(p []byte) (int, error) {
	n, err := b.from.Read(p)
	if b.length < 0 {
		return n, err
	}
	if int64(n) > b.left {
		n, b.left = int(b.left), 0
		return n, fmt.Errorf("the body is longer than the expected %d bytes", b.length)
	}
	b.left -= int64(n)
	if err == io.EOF && b.left > 0 {
		return n, io.ErrUnexpectedEOF
	}
	return n, err
}

// Close closes the underlying reader.
func (b *Body) Close() error { return b.from.Close() }

var _ io.ReadCloser = (*Body)(nil)
