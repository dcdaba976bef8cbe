package readahead

import (
	"slices"
	"sync"
)

// A Budget is memory for the buffers of any number of downloads. Several
// goroutines and storages may share one.
//
// It is shared fairly. While a download without a buffer waits for one, no
// other download gets a second one. A download that has finished with a buffer
// gives it to the waiting downloads, in order, before it requests another. A
// download that waits still makes progress: it streams its parts without a
// buffer.
type Budget struct {
	mu    sync.Mutex
	free  int64
	total int64
	queue []*lease // of downloads without a buffer that wait for one
	spare buffers
}

// NewBudget returns a Budget of this many bytes. If it is less than the size of
// one part, nothing is read ahead.
func NewBudget(bytes int64) *Budget { return &Budget{free: bytes, total: bytes} }

// Memory returns how many bytes downloads hold now, and how many they may hold, for
// metrics.
func (b *Budget) Memory() (used, total int64) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.total - b.free, b.total
}

// A lease is the share of one download in a Budget.
type lease struct {
	budget *Budget
	wake   func() // called when memory has been reserved for this lease

	// Guarded by the budget.
	held   int64
	wanted int64 // while in the queue
	aside  int64
}

// take returns a buffer of size bytes, or nil. A download without any buffer
// then waits, and is woken when it gets one.
func (l *lease) take(size int64) *buffer {
	b := l.budget
	b.mu.Lock()
	defer b.mu.Unlock()
	b.free += l.aside
	kept := l.aside > 0
	l.aside = 0
	if size <= b.free && (kept || len(b.queue) == 0) {
		b.free -= size
		l.held += size
		return b.spare.get(size)
	}
	if l.held == 0 && l.wanted == 0 && size <= b.total {
		l.wanted = size
		b.queue = append(b.queue, l)
	}
	return nil
}

// keeps reports whether a buffer may be used again without giving it back.
func (l *lease) keeps() bool {
	b := l.budget
	b.mu.Lock()
	defer b.mu.Unlock()
	return len(b.queue) == 0
}

// give returns a buffer to the budget, which serves the downloads that wait.
func (l *lease) give(done *buffer) {
	size := int64(len(done.bytes))
	b := l.budget
	b.mu.Lock()
	l.held -= size
	b.free += size
	b.spare.put(done)
	woken := b.serve()
	b.mu.Unlock()
	for _, l := range woken {
		l.wake()
	}
}

// leave stops waiting.
func (l *lease) leave() {
	b := l.budget
	b.mu.Lock()
	if l.wanted > 0 {
		b.queue = slices.DeleteFunc(b.queue, func(other *lease) bool { return other == l })
		l.wanted = 0
	}
	b.free += l.aside
	l.aside = 0
	woken := b.serve()
	b.mu.Unlock()
	for _, l := range woken {
		l.wake()
	}
}

// serve reserves memory for the first downloads in the queue, and returns
// those.
func (b *Budget) serve() (woken []*lease) {
	for len(b.queue) > 0 && b.queue[0].wanted <= b.free {
		l := b.queue[0]
		b.queue = b.queue[1:]
		b.free -= l.wanted
		l.aside, l.wanted = l.wanted, 0
		woken = append(woken, l)
	}
	return woken
}
