package middleware

import (
	"fmt"
	"log/slog"
	"runtime/debug"

	"github.com/downloadview/downloadview"
)

type waitingFile struct {
	file    downloadview.File
	version FileVersion
}

// mostWaiting is how many files wait for their digest. Others have to be asked for
// again.
const mostWaiting = 1000

// later has the digest of f computed in the background.
func (d *Digests) later(f downloadview.File, v FileVersion) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.waiting[v] || len(d.queue) >= mostWaiting || d.ctx.Err() != nil {
		return
	}
	d.waiting[v] = true
	d.queue = append(d.queue, waitingFile{f, v})
	if !d.working {
		d.working = true
		d.ended.Go(d.work)
	}
}

// work computes the digests of the queue, one after the other, until it is empty.
func (d *Digests) work() {
	for {
		d.mu.Lock()
		if len(d.queue) == 0 || d.ctx.Err() != nil {
			d.working, d.queue = false, nil
			d.mu.Unlock()
			return
		}
		next := d.queue[0]
		d.queue = d.queue[1:]
		d.mu.Unlock()
		d.attempt(next.file) // after an error, the next request asks again
		d.mu.Lock()
		delete(d.waiting, next.version)
		d.mu.Unlock()
	}
}

// attempt computes the digest of f. In this goroutine, a panic would end the program.
func (d *Digests) attempt(f downloadview.File) {
	defer func() {
		if v := recover(); v != nil {
			slog.Error("panic while a digest was computed", "file", f.Name(), "error", fmt.Sprintf("panic: %v\n%s", v, debug.Stack()))
		}
	}()
	_, _ = d.compute(d.ctx, f, d.pace)
}
