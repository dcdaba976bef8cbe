package otel

import (
	"io"
	"sync/atomic"

	"go.opentelemetry.io/otel/attribute"
)

// A body is the body of a store's answer.
type body struct {
	io.ReadCloser
	request *request
	status  string
	read    atomic.Int64
	over    atomic.Bool
}

func (b *body) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	b.read.Add(int64(n))
	if err != nil {
		b.end(err)
	}
	return n, err
}

// Close may come before the end: nobody needs the rest then.
func (b *body) Close() error {
	b.end(io.EOF)
	return b.ReadCloser.Close()
}

func (b *body) end(err error) {
	if !b.over.CompareAndSwap(false, true) {
		return
	}
	if b.request.own {
		b.request.span.SetAttributes(attribute.Int64("downloadview.body.size", b.read.Load()))
	}
	if err == io.EOF || b.request.noted {
		b.request.over(b.status)
		return
	}
	b.request.broken("cut", b.read.Load(), err)
}
