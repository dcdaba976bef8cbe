// Package incoming holds what storages share that take files in: how bytes are
// read, and what a file is called before it is whole.
package incoming

import (
	"bytes"
	"context"
	"errors"
	"io"
)

// A Reader reads what is to be saved until its context ends. It has nothing but
// Read, so that the context is looked at now and then whatever copies it.
type Reader struct {
	ctx context.Context
	r   io.Reader
	err error
}

// NewReader returns a Reader of r.
func NewReader(ctx context.Context, r io.Reader) *Reader { return &Reader{ctx: ctx, r: r} }

// Read reads, unless the context has ended.
func (r *Reader) Read(p []byte) (int, error) {
	if err := r.ctx.Err(); err != nil {
		r.err = err
		return 0, err
	}
	n, err := r.r.Read(p)
	if err != io.EOF {
		r.err = err
	}
	return n, err
}

// Fill replaces the content of block by the next bytes, size of them at most, and
// reports whether more may follow.
func (r *Reader) Fill(block *bytes.Buffer, size int64) (more bool, err error) {
	block.Reset()
	_, err = io.CopyN(block, r, size)
	if errors.Is(err, io.EOF) {
		return false, r.Err()
	}
	return err == nil, err
}

// Err returns the error that the bytes ended with, and nil where that was
// [io.EOF]: what else went wrong is the storage's. A context that has ended by
// now is an error too.
func (r *Reader) Err() error {
	if r.err == nil {
		return r.ctx.Err()
	}
	return r.err
}
