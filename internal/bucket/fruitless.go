package bucket

import (
	"context"
	"fmt"
	"net/http/httptrace"
	"sync/atomic"
)

// mostFruitless is how many requests may follow one another without an entry of a
// listing coming of them. Stores that leave out what was deleted do have empty
// pages.
const mostFruitless = 1000

// Fruitless ends a listing for which one request after the other is made, and
// nothing comes of them. It is for libraries that ask for the next page by
// themselves where one is empty.
type Fruitless struct {
	requests atomic.Int64
	cancel   context.CancelCauseFunc
}

// NewFruitless returns the context to make the requests with. The caller calls
// Stop at the end.
func NewFruitless(ctx context.Context) (context.Context, *Fruitless) {
	ctx, cancel := context.WithCancelCause(ctx)
	f := &Fruitless{cancel: cancel}
	return httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{GetConn: func(string) { f.Request() }}), f
}

// Request counts one. It is called for those over HTTP.
func (f *Fruitless) Request() {
	if f.requests.Add(1) > mostFruitless {
		f.cancel(errFruitless)
	}
}

// Fruit says that something came of a request.
func (f *Fruitless) Fruit() { f.requests.Store(0) }

// Err returns why the requests were ended if that was why they failed with err,
// else err.
func (f *Fruitless) Err(ctx context.Context, err error) error {
	if err != nil && context.Cause(ctx) == errFruitless {
		return errFruitless
	}
	return err
}

// Stop releases the context.
func (f *Fruitless) Stop() { f.cancel(nil) }

var errFruitless = fmt.Errorf("the listing has %d empty pages in a row", mostFruitless)
