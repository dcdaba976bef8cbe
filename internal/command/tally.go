package command

import "sync/atomic"

// A tally counts what is running. Unlike a sync.WaitGroup, it may be zero and grow
// again while somebody waits. The zero value is ready to use.
type tally struct {
	running atomic.Int64
	none    atomic.Pointer[chan struct{}] // gets a value when nothing is running; nil: nobody waits
}

func (t *tally) begin() { t.running.Add(1) }

func (t *tally) end() {
	if t.running.Add(-1) > 0 {
		return
	}
	if none := t.none.Load(); none != nil {
		select {
		case *none <- struct{}{}:
		default: // wait looks for itself
		}
	}
}

// wait waits for a moment at which nothing is running. One goroutine waits at a time.
func (t *tally) wait() {
	none := make(chan struct{}, 1)
	t.none.Store(&none)
	for t.running.Load() > 0 {
		<-none
	}
}
