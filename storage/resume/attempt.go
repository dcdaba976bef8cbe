package resume

import (
	"context"
	"fmt"
	"io"
	"io/fs"
	"os"
	"sync"
	"time"

	"github.com/downloadview/downloadview"
	"github.com/downloadview/downloadview/internal/wrapper"
)

// An attempt is one open handle and its context.
type attempt struct {
	handle fs.File
	info   fs.FileInfo
	end    context.CancelFunc
	timer  *time.Timer // of the current Read; nil before the first
	close  func() error
}

// begin opens a handle by call, within limit.
func begin(ctx context.Context, limit time.Duration, call func(context.Context) (fs.File, error)) (*attempt, error) {
	ctx, end := context.WithCancel(ctx)
	a := &attempt{end: end}
	err := within(limit, end, func() (err error) {
		if a.handle, err = call(ctx); err == nil {
			a.info, err = wrapper.Stat(a.handle)
		}
		return err
	})
	if err != nil {
		if a.handle != nil {
			a.handle.Close()
		}
		end()
		return nil, err
	}
	a.close = sync.OnceValue(a.handle.Close)
	return a, nil
}

// within gives call this much time, and then calls cut.
func within(limit time.Duration, cut func(), call func() error) error {
	t := time.AfterFunc(limit, cut)
	err := call()
	if !t.Stop() {
		return silent(limit, "an answer")
	}
	return err
}

// read is Read, within limit. The timer runs only during Read: the time that
// the caller needs to pass the bytes on doesn't count.
func (a *attempt) read(p []byte, limit time.Duration) (int, error) {
	if a.timer == nil {
		a.timer = time.AfterFunc(limit, a.cut)
	} else {
		a.timer.Reset(limit)
	}
	n, err := wrapper.CheckedReader{Reader: a.handle}.Read(p)
	if !a.timer.Stop() && err != io.EOF {
		err = silent(limit, "the next byte")
	}
	return n, err
}

// mercy is how long a Read may continue after its context has ended.
const mercy = time.Second

func (a *attempt) cut() {
	a.end()
	time.AfterFunc(mercy, func() {
		// In this goroutine, a panic would end the program. Close has it once more.
		defer func() { _ = recover() }()
		a.close()
	})
}

// Close ends the attempt.
func (a *attempt) Close() error {
	if a.timer != nil {
		a.timer.Stop()
	}
	err := a.close()
	a.end()
	return err
}

// silent is the error for a store that didn't respond in time. The store's own
// error would only say that its context has ended.
func silent(limit time.Duration, what string) error {
	return fmt.Errorf("%w: waited %v for %s: %w", downloadview.ErrUpstream, limit, what, os.ErrDeadlineExceeded)
}
