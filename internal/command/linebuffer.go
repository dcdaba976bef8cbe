package command

import (
	"bytes"
	"io"
	"sync"
	"time"
)

const (
	// chunk is how much is written at a time. A pipe takes as much in one piece,
	// so that lines of other processes don't get between ours.
	chunk = 4096

	// linesWait is how long a line waits for others to be written with it.
	linesWait = 200 * time.Millisecond

	// manyLines are written before that, so many bytes of them.
	manyLines = 32 << 10

	// mostLines is for how many bytes there is room while w doesn't keep up.
	mostLines = 256 << 10
)

// A lineBuffer writes lines to w. A line that comes by itself is written at
// once. Lines that come within linesWait after it are written by another
// goroutine, together, so that nobody who adds one waits for w, unless mostLines
// wait already. Writes end at the end of a line.
type lineBuffer struct {
	writing chan struct{} // has room for the one who writes; taken before mu
	w       io.Writer

	mu     sync.Mutex
	lines  []byte
	spare  []byte      // a buffer that isn't in use
	timer  *time.Timer // calls expire
	keeps  bool        // the timer runs, or expire does
	hurry  bool        // it was told not to wait any longer
	direct bool        // nothing is kept any more
}

func newLineBuffer(w io.Writer) *lineBuffer {
	return &lineBuffer{writing: make(chan struct{}, 1), w: w}
}

// add writes line, soon.
func (b *lineBuffer) add(line []byte) {
	b.mu.Lock()
	full := len(b.lines) > 0 && len(b.lines)+len(line) > mostLines
	if full {
		b.mu.Unlock()
		b.flush()
		b.mu.Lock()
		if len(b.lines) > 0 && len(b.lines)+len(line) > mostLines {
			b.mu.Unlock()
			return // w fails: there is no room for the line
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

// wait has expire called after d. It needs mu.
func (b *lineBuffer) wait(d time.Duration) {
	if b.timer == nil {
		b.timer = time.AfterFunc(d, b.expire)
	} else {
		b.timer.Reset(d)
	}
}

// expire writes what waits, and goes on to wait while there is something.
func (b *lineBuffer) expire() {
	b.mu.Lock()
	b.hurry = false
	b.keeps = len(b.lines) > 0 && !b.direct
	if b.keeps {
		b.wait(linesWait)
	}
	b.mu.Unlock()
	b.flush()
}

// Write writes line at once, behind those that wait. It never fails, since
// nobody could be told.
func (b *lineBuffer) Write(line []byte) (int, error) {
	b.mu.Lock()
	if len(b.lines) == 0 || len(b.lines)+len(line) <= 2*mostLines {
		b.lines = append(b.lines, line...)
	}
	b.mu.Unlock()
	b.flush()
	return len(line), nil
}

// stopWaiting has lines written at once from now on.
func (b *lineBuffer) stopWaiting() {
	b.mu.Lock()
	b.direct, b.keeps = true, false
	if b.timer != nil {
		b.timer.Stop()
	}
	b.mu.Unlock()
	b.flush()
}

// flush writes all lines. What w doesn't take is tried again with the next, so
// that no line is torn by an error that passes, such as of a full disk.
func (b *lineBuffer) flush() {
	b.writing <- struct{}{}
	defer func() { <-b.writing }()
	b.mu.Lock()
	lines := b.lines
	b.lines, b.spare = b.spare[:0], nil
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

// wholeLines returns how many bytes of lines are those that fit a chunk, or the
// first line.
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

// buffered is the lineBuffer as a writer of lines that may wait.
type buffered struct{ *lineBuffer }

func (b buffered) Write(line []byte) (int, error) {
	b.add(line)
	return len(line), nil
}
