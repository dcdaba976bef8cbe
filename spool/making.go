package spool

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/downloadview/downloadview"
)

// A making is content that is being made in this process, once for all who want it.
type making struct {
	spool *Spool
	id    ID
	name  string // of the file in the folder
	file  downloadview.File
	began time.Time

	ctx    context.Context // with the values of the first request, but not its end
	cancel context.CancelCauseFunc

	// These are set before ready is closed.
	info    downloadview.Attributes
	part    *part // nil: nothing to follow
	err     error // why there is nothing; nil: the file is complete
	ready   chan struct{}
	outcome error         // nil: kept
	done    chan struct{} // closed when outcome is set and nothing of the making runs

	// The spool's mu is for these.
	wanted    int  // those who wait or follow
	left      int  // how often the last of them has left
	fresh     bool // it is made, and not from the second store
	kept      bool // it is in the folder: nobody has to want it any more
	forgotten bool
	shown     *part // that other processes may follow; nil: none of this process
}

// errUnspooled means that the caller gets the content from the file itself.
var errUnspooled = errors.New("the content is not spooled")

// errAlone means that the part ends, but the content goes on: those who follow get
// the rest from the file itself.
var errAlone = errors.New("the content is not spooled any more")

var (
	errAbandoned = errors.New("nobody wants the content any more")
	errForgotten = errors.New("the content was forgotten")
)

// A makingKey is the key of a making in the contexts of what it opens.
type makingKey struct {
	spool *Spool
	name  string
}

// join returns the making of the content of f, and begins it if there is none.
func (s *Spool) join(ctx context.Context, f *file) (*making, error) {
	s.mu.Lock()
	m := s.making[f.name]
	switch {
	case s.closed:
		s.mu.Unlock()
		return nil, errClosed
	case m != nil:
		m.wanted++
		s.mu.Unlock()
		s.observe(Event{Kind: Joined, ID: f.id})
		return m, nil
	}
	m = &making{
		spool: s, id: f.id, name: f.name, file: f.inner, began: time.Now(), wanted: 1,
		ready: make(chan struct{}), done: make(chan struct{}),
	}
	ctx = context.WithValue(context.WithoutCancel(ctx), makingKey{s, m.name}, true)
	m.ctx, m.cancel = context.WithCancelCause(ctx)
	s.making[f.name] = m
	s.running.Add(1)
	s.mu.Unlock()
	s.observe(Event{Kind: Began, ID: f.id})
	go m.run()
	return m, nil
}

// leave is called once after join.
func (m *making) leave() {
	s := m.spool
	s.mu.Lock()
	defer s.mu.Unlock()
	if m.wanted--; m.wanted > 0 || s.options.Linger < 0 || m.ctx.Err() != nil {
		return
	}
	m.left++
	left := m.left
	linger := time.AfterFunc(s.options.Linger, func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		if m.wanted == 0 && m.left == left && !m.kept {
			s.retire(m)
			m.forgotten = true
			if m.shown != nil {
				m.shown.hide()
			}
			m.cancel(errAbandoned)
		}
	})
	context.AfterFunc(m.ctx, func() { linger.Stop() })
}

// retire makes the next request begin anew. The caller has mu.
func (s *Spool) retire(m *making) {
	if s.making[m.name] == m {
		delete(s.making, m.name)
	}
}

func (m *making) run() {
	s := m.spool
	defer s.running.Done()
	defer close(m.done)
	defer m.cancel(nil)
	defer context.AfterFunc(s.stopped, func() { m.cancel(errClosed) })()

	m.outcome = m.inTurn()
	s.mu.Lock()
	s.retire(m)
	s.mu.Unlock()
	select {
	case <-m.ready:
	default:
		m.err = m.outcome
		if errors.Is(m.err, ErrNotKept) {
			m.err = errUnspooled
		}
		close(m.ready)
	}
	switch {
	case errors.Is(m.outcome, ErrNotKept):
		s.observe(Event{Kind: NotKept, ID: m.id, Err: m.outcome})
	case m.outcome != nil:
		s.observe(Event{Kind: Failed, ID: m.id, Err: m.outcome, Duration: time.Since(m.began)})
	}
}

// inTurn makes the content when no other process does. The error wraps ErrNotKept if
// the content itself is all right.
func (m *making) inTurn() error {
	s := m.spool
	_ = s.makeFolders() // somebody may have removed all of them; if that fails, the lock does
	var other elsewhere
	unlock, err := s.lock(m.ctx, m.name, func() bool { return other.look(m) })
	if err == nil && unlock == nil { // another process has made it
		if other.part != nil {
			other.part.leave()
		}
		return nil
	}
	if cause := context.Cause(m.ctx); cause != nil {
		if err == nil {
			unlock()
		}
		other.finish(m, cause)
		return cause
	}
	if err != nil {
		other.finish(m, errAlone)
		return s.folderFailed(m.id, err)
	}
	defer unlock()
	if other.part != nil {
		return other.end(m)
	}
	if _, err := s.statKept(m.name); err == nil {
		return nil // another process was faster
	}
	s.cleanParts(m.name)
	// What is too old, or isn't what was made, stays until it is replaced: a proxy may have
	// been told to send it.
	from, restored := m.fromSecond()
	if !restored {
		s.mu.Lock()
		m.fresh = true
		s.mu.Unlock()
		if from, err = m.fromFile(); err != nil {
			return err
		}
	}
	defer m.close(from)
	kind := Kept
	if restored {
		kind = Restored
	}
	r, err := m.make(from)
	if err != nil {
		return err
	}
	s.observe(Event{Kind: kind, ID: m.id, Bytes: r.Size, Duration: time.Since(m.began)})
	if !restored {
		m.saveSecond(r)
	}
	return nil
}

// close closes the handle of o. Its error, or a panic, comes too late to change what was
// made.
func (m *making) close(o origin) {
	var err error
	defer func() {
		if err != nil {
			m.spool.warn("the content could not be closed", m.id, err)
		}
	}()
	defer recoverInto(&err)
	_ = o.handle.Close()
}

// folderFailed reports that the folder can't be used, and returns the outcome.
func (s *Spool) folderFailed(id ID, err error) error {
	s.warn("the folder failed; the content is streamed and not kept", id, err)
	return fmt.Errorf("%w: %w", ErrNotKept, downloadview.AsCause(err))
}
