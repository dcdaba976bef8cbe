package gcsbucket

import (
	"context"
	"fmt"
	"io"
	"sync/atomic"
)

var errBrokeOff = fmt.Errorf("the body broke off: %w", io.ErrUnexpectedEOF)

// once is the context of a single request. Where a body breaks off, the reader
// of the SDK asks for the rest; what it gets is not that for an object that is
// stored as gzip, nor for more last bytes than there are. It does so unless the
// context has an error, so this one has one as soon as the answer is there. Done
// is not closed by that, and the body can be read on.
type once struct {
	context.Context
	opened atomic.Bool
}

func (c *once) Err() error {
	if err := c.Context.Err(); err != nil {
		return err
	}
	if c.opened.Load() {
		return errBrokeOff
	}
	return nil
}
