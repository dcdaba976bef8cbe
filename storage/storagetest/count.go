package storagetest

import (
	"context"
	"io/fs"
	"sync/atomic"

	"github.com/downloadview/downloadview"
)

// A Counter is a storage that counts calls to the files of another storage. Its files
// implement the same optional interfaces as those of the other storage. They return
// the other storage's handles, so that an *os.File is still an *os.File. Several
// goroutines may use a Counter.
//
// A Counter passes on other calls to the storage, such as List or Save, and doesn't
// count them.
type Counter struct {
	forward
	opens, stats, partial atomic.Int64
}

// Calls holds numbers of calls, including those that failed.
type Calls struct {
	Open      int64 // of [downloadview.File]
	Stat      int64 // of [downloadview.StatFile], not of handles
	OpenRange int64 // of [downloadview.RangeFile]
}

// Count returns a storage that counts the calls to the files of s.
func Count(s downloadview.Storage) *Counter { return &Counter{forward: forward{s}} }

// Calls returns the numbers of calls since [Count] or the last [Counter.Reset].
func (c *Counter) Calls() Calls {
	return Calls{Open: c.opens.Load(), Stat: c.stats.Load(), OpenRange: c.partial.Load()}
}

// Reset sets all numbers of calls to zero.
func (c *Counter) Reset() {
	c.opens.Store(0)
	c.stats.Store(0)
	c.partial.Store(0)
}

// File returns the file with this key of the storage behind c. Calls to the file are
// counted, the call to File is not.
func (c *Counter) File(key string) (downloadview.File, error) {
	return guardedStorage{c.forward, c}.File(key)
}

// Exists calls Exists of the storage behind c if that is a [downloadview.Exister],
// and doesn't count it. Otherwise it asks the file for its Stat or opens it, and
// counts that call.
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
