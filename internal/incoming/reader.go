// Package incoming is for storages that save files: it reads the bytes and
// names the temporary file.
package incoming

import (
	"bytes"
	"context"
	"errors"
	"io"
)

// A Reader reads the bytes to be saved until its context ends. It has only
// Read, so that the context is checked regularly, whatever function copies the
// bytes.
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

// Fill replaces the content of block with the next bytes, at most size of them,
// and reports whether more may follow.
func (r *Reader) Fill(block *bytes.Buffer, size int64) (more bool, err error) {
	block.Reset()
	_, err = io.CopyN(block, r, size)
	if errors.Is(err, io.EOF) {
		return false, r.Err()
	}
	return err == nil, err
}

// Err returns the error with which reading ended, or nil if that was [io.EOF];
// other errors are the storage's. If the context has ended by now, that is an
// error, too.
func (r *Reader) Err() error {
	if r.err == nil {
		return r.ctx.Err()
	}
	return r.err
}
