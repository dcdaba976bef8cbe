package ledger

import (
	"context"
	"fmt"
	"hash/maphash"
	"log/slog"
	"runtime/debug"
	"sync"
	"time"

	"github.com/downloadview/downloadview/internal/once"
)

// A Queue is a [Store] in front of another one, so that downloads don't wait for that.
// Its methods do no I/O and return no error. The parts are added to the store in the
// background, and again if that fails. If more parts wait than it has room for, further
// ones are dropped and counted, and the log says so. What waits is lost if the process is
// killed; the lines of a proxy's log still make an entry of their own, or belong to the
// one that other processes have made.
//
// The IDs of a Queue are not those of its store, but [AddLine] and [AddPart] know them.
// They are hashes of subject, name and source.
//
// Several goroutines may use it. The caller closes the Queue with [Queue.Close].
type Queue struct {
	store Store
	o     QueueOptions
	lanes [lanes]lane
	seed  maphash.Seed
	done  sync.WaitGroup // the goroutines of the lanes
	ctx   context.Context
	end   context.CancelFunc

	mu      sync.Mutex
	held    int           // parts that wait or are being added
	empty   chan struct{} // closed when held becomes 0; nil if nobody waits for that
	closed  bool
	failing bool  // the last thing that the store did was to fail
	full    bool  // parts were dropped, and more than half of the room was taken since
	dropped int64 // in all
	stored  int64
}

// lanes is how many parts are added at the same time. Those of one download are added in
// their order.
const lanes = 8

// A lane has the parts of some downloads.
type lane struct {
	wake    chan struct{} // has an element if parts wait
	waiting []Part        // guarded by Queue.mu
}

// QueueOptions are the options of [NewQueue]. The zero value is fine.
type QueueOptions struct {
	// Most is how many parts may wait for the store; 0 is 10000. Each takes about
	// half a KB, with long names up to 4 KB.
	Most int

	// Timeout is how long the store may take for a part before it is asked again; 0 is
	// a minute.
	Timeout time.Duration

	// Logger gets a line when the store begins to fail, when parts are dropped, and
	// when the store answers again; nil is [slog.Default].
	Logger *slog.Logger

	// Observer is called for each part: with nil when it is stored, with the reason
	// when it is dropped. nil: nobody is told.
	Observer func(err error)
}

// NewQueue returns a Queue in front of store, which it doesn't close. nil options are the
// zero value. It panics if store is nil or an option is negative.
func NewQueue(store Store, o *QueueOptions) *Queue {
	if store == nil {
		panic("ledger: NewQueue: store is nil")
	}
	q := &Queue{store: store, seed: maphash.MakeSeed()}
	if o != nil {
		q.o = *o
	}
	if q.o.Most == 0 {
		q.o.Most = 10_000
	}
	if q.o.Timeout == 0 {
		q.o.Timeout = time.Minute
	}
	if q.o.Most < 0 || q.o.Timeout < 0 {
		panic(fmt.Sprintf("ledger: NewQueue: Most is %d and Timeout is %v; want 0 or more", q.o.Most, q.o.Timeout))
	}
	if q.o.Logger == nil {
		q.o.Logger = slog.Default()
	}
	observer := q.o.Observer
	q.o.Observer = func(err error) {
		if observer == nil {
			return
		}
		// In the goroutine of a lane, no server recovers from panics.
		defer func() {
			if v := recover(); v != nil {
				q.o.Logger.Error("panic in the observer of the ledger's queue", "error", fmt.Sprintf("panic: %v\n%s", v, debug.Stack()))
			}
		}()
		observer(err)
	}
	q.ctx, q.end = context.WithCancel(context.Background())
	for i := range q.lanes {
		l := &q.lanes[i]
		l.wake = make(chan struct{}, 1)
		q.done.Go(func() { q.work(l) })
	}
	return q
}

// Open returns an ID for what and window, which is always the same.
func (q *Queue) Open(_ context.Context, what string, _ time.Time, window time.Duration) (string, error) {
	return ticket(what, window), nil
}

// Add takes the part, or drops it.
func (q *Queue) Add(_ context.Context, p Part) error {
	l := &q.lanes[maphash.String(q.seed, p.ID)%lanes]
	q.mu.Lock()
	var why error
	switch {
	case q.closed:
		why = errClosed
	case q.held >= q.o.Most:
		why = errFull
	}
	if why != nil {
		first := !q.full
		q.full = true
		q.dropped++
		q.mu.Unlock()
		if first {
			q.o.Logger.Error("downloads will be missing in the ledger", "error", why, "most", q.o.Most)
		}
		q.o.Observer(why)
		return nil
	}
	q.held++
	l.waiting = append(l.waiting, p)
	q.mu.Unlock()
	select {
	case l.wake <- struct{}{}:
	default:
	}
	return nil
}

// A queueError says why a part is dropped.
type queueError string

func (e queueError) Error() string { return string(e) }

const (
	errFull   queueError = "too many parts wait for the store"
	errClosed queueError = "the queue is closed"
	errSilent queueError = "no answer for 5 seconds"
)

// longestSilence is how long the store may take until the log says that it fails.
const longestSilence = 5 * time.Second

// work adds the parts of a lane to the store.
func (q *Queue) work(l *lane) {
	for {
		select {
		case <-l.wake:
		case <-q.ctx.Done():
			return
		}
		for {
			q.mu.Lock()
			parts := l.waiting
			l.waiting = nil
			q.mu.Unlock()
			if len(parts) == 0 {
				break
			}
			for i := range parts {
				if !q.add(parts[i]) {
					return
				}
				parts[i] = Part{} // its texts may be long
			}
		}
	}
}

// triesAmongOthers is how often a part is tried that fails while others don't.
const triesAmongOthers = 5

// add adds a part to the store, also if that takes several tries. It gives a part up that
// the store refuses while it takes others. It returns false when the queue ends.
func (q *Queue) add(p Part) bool {
	others, failed := int64(-1), 0
	all := once.In(q.ctx) // it may be in the store after a try that failed
	for pause := 10 * time.Millisecond; ; pause = min(2*pause, 2*time.Second) {
		ctx, cancel := context.WithTimeout(all, q.o.Timeout)
		slow := time.AfterFunc(longestSilence, func() { q.fails(errSilent) })
		err := q.try(ctx, p)
		slow.Stop()
		cancel()
		if err == nil {
			q.over(nil)
			return true
		}
		if q.ctx.Err() != nil {
			return false
		}
		stored := q.fails(err)
		if others != stored {
			others, failed = stored, failed+1
		}
		if failed > triesAmongOthers {
			q.over(err)
			return true
		}
		select {
		case <-time.After(pause):
		case <-q.ctx.Done():
			return false
		}
	}
}

// try adds a part to the store.
func (q *Queue) try(ctx context.Context, p Part) (err error) {
	// In this goroutine, no server recovers from panics.
	defer func() {
		if v := recover(); v != nil {
			err = fmt.Errorf("panic: %v", v)
		}
	}()
	return AddPart(ctx, q.store, p)
}

// fails notes that the store failed, and returns how many parts it has taken.
func (q *Queue) fails(err error) int64 {
	q.mu.Lock()
	first := !q.failing
	q.failing = true
	stored := q.stored
	q.mu.Unlock()
	if first {
		q.o.Logger.Warn("the ledger's store fails; downloads go on, and their parts wait", "error", err, "most", q.o.Most)
	}
	return stored
}

// over notes that a part is stored, or given up because of err.
func (q *Queue) over(err error) {
	q.mu.Lock()
	q.held--
	again, dropped := false, q.dropped
	if err == nil {
		q.stored++
		again = q.failing
		q.failing = false
	} else {
		q.dropped++
	}
	if q.held <= q.o.Most/2 { // a store that is only slow makes room for one part at a time
		q.full = false
	}
	if q.held == 0 && q.empty != nil {
		close(q.empty)
		q.empty = nil
	}
	q.mu.Unlock()
	if again {
		q.o.Logger.Info("the ledger's store answers again", "dropped", dropped)
	}
	if err != nil {
		q.o.Logger.Error("download missing in the ledger: its store refuses a part and takes others", "error", err)
	}
	q.o.Observer(err)
}

// Flush returns when all parts are stored or dropped. The error is that of ctx, if it is
// done before, with the number of parts that still wait.
func (q *Queue) Flush(ctx context.Context) error {
	q.mu.Lock()
	if q.held == 0 {
		q.mu.Unlock()
		return nil
	}
	if q.empty == nil {
		q.empty = make(chan struct{})
	}
	empty := q.empty
	q.mu.Unlock()
	select {
	case <-empty:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("ledger: %d parts wait for the store: %w", q.Waiting(), ctx.Err())
	}
}

// Close ends the Queue after a [Queue.Flush]. If ctx is done before all parts are stored,
// the rest is dropped, and Close returns the error of Flush. Parts that come after Close
// are dropped. Calling it again does nothing.
func (q *Queue) Close(ctx context.Context) error {
	err := q.Flush(ctx)
	q.mu.Lock()
	q.closed = true
	q.mu.Unlock()
	q.end()
	q.done.Wait()
	q.mu.Lock()
	left := q.held
	q.dropped += int64(left)
	q.held = 0
	if q.empty != nil {
		close(q.empty)
		q.empty = nil
	}
	q.mu.Unlock()
	for range left {
		q.o.Observer(errClosed)
	}
	return err
}

// Waiting returns how many parts are not stored yet.
func (q *Queue) Waiting() int {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.held
}

// Dropped returns how many parts were dropped.
func (q *Queue) Dropped() int64 {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.dropped
}

var _ Store = (*Queue)(nil)
