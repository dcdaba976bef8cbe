package storagetest

import (
	"context"
	"io/fs"
	"sync/atomic"

	"github.com/downloadview/downloadview"
)

// A Counter is a storage that counts what is asked of its files. They offer
// what those of the storage behind it offer, and their handles are the very
// same, so that an *os.File stays one. Several goroutines may use a Counter.
//
// What the storage offers beside files, such as List or Save, passes through
// uncounted.
type Counter struct {
	forward
	opens, stats, partial atomic.Int64
}

// Calls are numbers of calls, failed ones included.
type Calls struct {
	Open      int64
	Stat      int64 // of [downloadview.StatFile]; not of handles
	OpenRange int64 // of [downloadview.RangeFile]
}

// Count returns a storage that counts the calls to the files of s.
func Count(s downloadview.Storage) *Counter { return &Counter{forward: forward{s}} }

// Calls returns how many calls there were since the beginning, or since
// [Counter.Reset].
func (c *Counter) Calls() Calls {
	return Calls{Open: c.opens.Load(), Stat: c.stats.Load(), OpenRange: c.partial.Load()}
}

// Reset starts to count from zero.
func (c *Counter) Reset() {
	c.opens.Store(0)
	c.stats.Store(0)
	c.partial.Store(0)
}

// File returns the file of the storage behind c, counted.
func (c *Counter) File(key string) (downloadview.File, error) {
	return guardedStorage{c.forward, c}.File(key)
}

// Exists asks the storage behind c where that is a [downloadview.Exister], else
// a file, which is counted.
func (c *Counter) Exists(ctx context.Context, key string) (bool, error) {
	return exists(ctx, c.inner, c, key)
}

func (c *Counter) open(call func() (fs.File, error)) (fs.File, error) {
	c.opens.Add(1)
	return call()
}

func (c *Counter) openRange(call func() (fs.File, error)) (fs.File, error) {
	c.partial.Add(1)
	return call()
}

func (c *Counter) stat(call func() (fs.FileInfo, error)) (fs.FileInfo, error) {
	c.stats.Add(1)
	return call()
}

var (
	_ everything = (*Counter)(nil)
	_ doors      = (*Counter)(nil)
)
