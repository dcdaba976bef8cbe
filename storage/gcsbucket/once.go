package gcsbucket

import (
	"context"
	"fmt"
	"io"
	"sync/atomic"
)

var errBrokeOff = fmt.Errorf("the body broke off: %w", io.ErrUnexpectedEOF)

// once is the context of a single request. If a body breaks off, the SDK's
// reader requests the rest, and gets wrong bytes if the object is stored as
// gzip or the range asked for more last bytes than there are. The reader
// doesn't do so if the context has an error, so this context has one as soon as
// the answer has arrived. Its Done channel stays open, so the body can still be
// read.
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
