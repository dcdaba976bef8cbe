package command

import (
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
)

// A lineBuffer writes lines to w. A line that comes by itself is written at
// once. Lines that come within linesWait after it are written together, when
// they fill a chunk or linesWait is over. Writes end at the end of a line. When
// w doesn't keep up, those who add lines wait for it.
type lineBuffer struct {
	w io.Writer

	mu     sync.Mutex
	lines  []byte
	timer  *time.Timer // runs while lines are kept
	keeps  bool        // the timer runs
	direct bool        // nothing is kept any more
}

func newLineBuffer(w io.Writer) *lineBuffer {
	return &lineBuffer{w: w, lines: make([]byte, 0, chunk)}
}

// add writes line, soon.
func (b *lineBuffer) add(line []byte) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if len(b.lines)+len(line) > chunk {
		b.write()
	}
	if len(b.lines) > 0 && len(b.lines)+len(line) > chunk {
		return // w fails: there is no place for the line
	}
	b.lines = append(b.lines, line...)
	if b.direct || !b.keeps {
		b.write()
	}
	if !b.direct && !b.keeps {
		b.keeps = true
		if b.timer == nil {
			b.timer = time.AfterFunc(linesWait, b.expire)
		} else {
			b.timer.Reset(linesWait)
		}
	}
}

// Write writes line at once, behind those that wait. It never fails, since
// nobody could be told.
func (b *lineBuffer) Write(line []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.write()
	if len(b.lines) == 0 || len(b.lines)+len(line) <= chunk {
		b.lines = append(b.lines, line...)
		b.write()
	}
	return len(line), nil
}

// flush writes what waits.
func (b *lineBuffer) flush() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.write()
}

// stopWaiting has lines written at once from now on.
func (b *lineBuffer) stopWaiting() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.direct, b.keeps = true, false
	if b.timer != nil {
		b.timer.Stop()
	}
	b.write()
}

// expire is what the timer calls.
func (b *lineBuffer) expire() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.keeps = len(b.lines) > 0 && !b.direct
	b.write()
	if b.keeps {
		b.timer.Reset(linesWait)
	}
}

// write writes the lines. What w doesn't take is tried again with the next, so
// that no line is torn by an error that passes, such as of a full disk.
func (b *lineBuffer) write() {
	if len(b.lines) == 0 {
		return
	}
	n, err := b.w.Write(b.lines)
	if err == nil {
		n = len(b.lines)
	}
	b.lines = append(b.lines[:0], b.lines[n:]...)
	if cap(b.lines) > 4*chunk && len(b.lines) == 0 { // of a very long line
		b.lines = make([]byte, 0, chunk)
	}
}

// buffered is the lineBuffer as a writer of lines that may wait.
type buffered struct{ *lineBuffer }

func (b buffered) Write(line []byte) (int, error) {
	b.add(line)
	return len(line), nil
}
