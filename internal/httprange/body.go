package httprange

import (
	"fmt"
	"io"
)

// A Body reads an answer and holds it to its length.
type Body struct {
	from   io.ReadCloser
	length int64 // negative: not known
	left   int64
}

// NewBody returns a Body of length bytes, or as many as come where length is
// negative. One that ends sooner is [io.ErrUnexpectedEOF], one that goes on is
// another error, and of that nothing more is given. Close closes from.
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
		return n, fmt.Errorf("the body goes on after the %d bytes that it should have", b.length)
	}
	b.left -= int64(n)
	if err == io.EOF && b.left > 0 {
		return n, io.ErrUnexpectedEOF
	}
	return n, err
}

// Close closes what is read from.
func (b *Body) Close() error { return b.from.Close() }

var _ io.ReadCloser = (*Body)(nil)
