package command

import (
	"bytes"
	"io"
	"sync"
	"time"
)

const (
	// chunk is how many bytes are written at a time. A pipe accepts so many in one
	// piece, so that lines of other processes don't get between ours.
	chunk = 4096

	// linesWait is how long a line waits for others, to be written with them.
	linesWait = 200 * time.Millisecond

	// manyLines is how many bytes of lines are written before that time is over.
	manyLines = 32 << 10

	// mostLines is how many bytes of lines are kept while w is too slow.
	mostLines = 256 << 10

	// messageWait is how long a message waits until it is written. The server goes on,
	// and stops, also if the program that reads its log hangs.
	messageWait = time.Second

	// endWait is how long the last lines may take.
	endWait = 5 * time.Second
)

// A lineBuffer writes lines to w. A line is written at once if no other was added
// within linesWait before it. Lines that follow within linesWait are written together
// by another goroutine, so that add doesn't wait for w, unless mostLines bytes wait
// already. Each write ends at the end of a line.
type lineBuffer struct {
	writing chan struct{} // full while a goroutine writes; acquired before mu
	w       io.Writer

	mu     sync.Mutex
	lines  []byte
	spare  []byte      // a buffer that isn't in use
	timer  *time.Timer // calls expire
	keeps  bool        // lines wait: the timer runs, or expire does
	hurry  bool        // the timer was set to fire at once
	direct bool        // lines don't wait any more
	late   bool        // a write took too long, and lines wait for its end
}

func newLineBuffer(w io.Writer) *lineBuffer {
	return &lineBuffer{writing: make(chan struct{}, 1), w: w}
}

// add writes line soon: at once, or together with others.
func (b *lineBuffer) add(line []byte) {
	b.mu.Lock()
	full := len(b.lines) > 0 && len(b.lines)+len(line) > mostLines
	if full {
		b.mu.Unlock()
		b.flush()
		b.mu.Lock()
		if len(b.lines) > 0 && len(b.lines)+len(line) > mostLines {
			b.mu.Unlock()
			return // w fails, and there is no room: the line is lost
		}
	}
	b.lines = append(b.lines, line...)
	alone := b.direct || !b.keeps
	switch {
	case b.direct:
	case !b.keeps:
		b.keeps, b.hurry = true, false
		b.wait(linesWait)
	case len(b.lines) >= manyLines && !b.hurry:
		b.hurry = true
		b.wait(0)
	}
	b.mu.Unlock()
	if alone {
		b.flush()
	}
}

// wait sets the timer to call expire after d. The caller holds mu.
func (b *lineBuffer) wait(d time.Duration) {
	if b.timer == nil {
		b.timer = time.AfterFunc(d, b.expire)
	} else {
		b.timer.Reset(d)
	}
}

// expire writes the waiting lines. If there were any, it sets the timer again.
func (b *lineBuffer) expire() {
	b.mu.Lock()
	b.hurry = false
	b.keeps = len(b.lines) > 0 && !b.direct
	if b.keeps {
		b.wait(linesWait)
	}
	b.mu.Unlock()
	if b.tryAcquire() { // else the timer fires again
		b.write()
	}
}

// Write writes line at once, after the waiting lines. If w doesn't take it soon, it is
// written later. Write never returns an error: a log has no place to report one.
func (b *lineBuffer) Write(line []byte) (int, error) {
	b.mu.Lock()
	if len(b.lines) == 0 || len(b.lines)+len(line) <= 2*mostLines {
		b.lines = append(b.lines, line...)
	}
	patience := messageWait
	if b.late { // a message has waited for the same write
		patience = 0
	}
	b.mu.Unlock()
	b.flushWithin(patience)
	return len(line), nil
}

// stopWaiting writes the waiting lines. From now on, lines are written at once.
func (b *lineBuffer) stopWaiting() {
	b.mu.Lock()
	b.direct, b.keeps = true, false
	if b.timer != nil {
		b.timer.Stop()
	}
	b.mu.Unlock()
	b.flushWithin(endWait)
}

// flush writes all lines.
func (b *lineBuffer) flush() {
	b.writing <- struct{}{}
	b.write()
}

// flushWithin is flush, but returns after d. The lines are then written by whoever is
// writing.
func (b *lineBuffer) flushWithin(d time.Duration) {
	patience := time.NewTimer(d)
	defer patience.Stop()
	if !b.acquire(patience.C) {
		b.leave()
		return
	}
	written := make(chan struct{})
	go func() {
		b.write()
		close(written)
	}()
	select {
	case <-written:
	case <-patience.C:
		b.leave()
	}
}

// acquire acquires writing. It returns false if that isn't possible until patience ends.
func (b *lineBuffer) acquire(patience <-chan time.Time) bool {
	if b.tryAcquire() {
		return true
	}
	select {
	case b.writing <- struct{}{}:
		return true
	case <-patience:
		return false
	}
}

func (b *lineBuffer) tryAcquire() bool {
	select {
	case b.writing <- struct{}{}:
		return true
	default:
		return false
	}
}

// leave leaves the lines to the goroutine that is writing, whose write is late.
func (b *lineBuffer) leave() {
	b.mu.Lock()
	b.late = true
	b.mu.Unlock()
	if b.tryAcquire() { // it has ended meanwhile
		go b.write()
	}
}

// write writes all lines, and those that are left to it. The caller has acquired writing,
// which write releases.
func (b *lineBuffer) write() {
	for {
		b.writeOnce()
		<-b.writing
		b.mu.Lock()
		left := b.late
		b.mu.Unlock()
		if !left || !b.tryAcquire() {
			return
		}
	}
}

// writeOnce writes the lines that there are. Bytes that w doesn't accept are written again
// with the next lines, so that a temporary error, such as a full disk, tears no line.
func (b *lineBuffer) writeOnce() {
	b.mu.Lock()
	lines := b.lines
	b.lines, b.spare = b.spare[:0], nil
	b.late = false
	b.mu.Unlock()

	left := lines
	for len(left) > 0 {
		n := wholeLines(left)
		written, err := b.w.Write(left[:n])
		if err != nil {
			left = left[written:]
			break
		}
		left = left[n:]
	}

	b.mu.Lock()
	defer b.mu.Unlock()
	if len(left) > 0 {
		b.lines = append(left, b.lines...)
	} else if cap(lines) <= mostLines {
		b.spare = lines[:0]
	}
}

// wholeLines returns the number of bytes to write next: the whole lines that fit into
// a chunk, or the first line if it is longer.
func wholeLines(lines []byte) int {
	if len(lines) <= chunk {
		return len(lines)
	}
	if end := bytes.LastIndexByte(lines[:chunk], '\n'); end >= 0 {
		return end + 1
	}
	if end := bytes.IndexByte(lines, '\n'); end >= 0 {
		return end + 1
	}
	return len(lines)
}

// buffered is a lineBuffer whose Write lets lines wait, as add does.
type buffered struct{ *lineBuffer }

func (b buffered) Write(line []byte) (int, error) {
	b.add(line)
	return len(line), nil
}
