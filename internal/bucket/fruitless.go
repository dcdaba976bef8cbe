package bucket

import (
	"context"
	"fmt"
	"net/http/httptrace"
	"sync/atomic"
)

// mostFruitless is how many requests in a row may return no entry of a listing.
// Stores that leave out deleted objects do return empty pages.
const mostFruitless = 1000

// Fruitless ends a listing if too many requests in a row return no entry. It is
// for libraries that request the next page by themselves if one is empty.
type Fruitless struct {
	requests atomic.Int64
	cancel   context.CancelCauseFunc
}

// NewFruitless returns the context for the requests. The caller calls Stop at
// the end.
func NewFruitless(ctx context.Context) (context.Context, *Fruitless) {
	ctx, cancel := context.WithCancelCause(ctx)
	f := &Fruitless{cancel: cancel}
	return httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{GetConn: func(string) { f.Request() }}), f
}

// Request counts a request. Call it for each HTTP request.
func (f *Fruitless) Request() {
	if f.requests.Add(1) > mostFruitless {
		f.cancel(errFruitless)
	}
}

// Fruit resets the count: a request returned an entry.
func (f *Fruitless) Fruit() { f.requests.Store(0) }

// Err returns the reason why the requests were cancelled if err is a result of
// that; otherwise it returns err.
func (f *Fruitless) Err(ctx context.Context, err error) error {
	if err != nil && context.Cause(ctx) == errFruitless {
		return errFruitless
	}
	return err
}

// Stop releases the context.
func (f *Fruitless) Stop() { f.cancel(nil) }

var errFruitless = fmt.Errorf("the listing has %d empty pages in a row", mostFruitless)
