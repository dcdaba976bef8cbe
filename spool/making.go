package spool

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/sha256"
	"errors"
	"fmt"
	"hash"
	"io"
	"io/fs"
	"log/slog"
	"net/http"
	"runtime/debug"
	"time"

	"github.com/downloadview/downloadview"
	"github.com/downloadview/downloadview/internal/wrapper"
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
	wanted    int // those who wait or follow
	left      int // how often the last of them has left
	forgotten bool
}

// errUnspooled means that the caller gets the content from the file itself.
var errUnspooled = errors.New("the content is not spooled")

// errAlone means that the part ends, but the content goes on: those who follow get
// the rest from the file itself.
var errAlone = errors.New("the content is not spooled any more")

var errAbandoned = errors.New("nobody wants the content any more")

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
	m.ctx, m.cancel = context.WithCancelCause(context.WithoutCancel(ctx))
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
		if m.wanted == 0 && m.left == left {
			s.retire(m)
			s.hideParts(m.name)
			m.forgotten = true
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
	var other elsewhere
	unlock, err := s.lock(m.ctx, m.name, func() { other.look(m) })
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
	if err := s.remove(m.name); err != nil {
		return s.folderFailed(m.id, err)
	}
	from, restored := m.fromSecond()
	if !restored {
		if from, err = m.fromFile(); err != nil {
			return err
		}
	}
	defer from.handle.Close()
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
		s.mu.Lock()
		s.retire(m) // it is a file from now on
		s.mu.Unlock()
		s.saveSecond(m.ctx, m.name, r)
	}
	return nil
}

// folderFailed reports that the folder can't be used, and returns the outcome.
func (s *Spool) folderFailed(id ID, err error) error {
	s.warn("the folder failed; the content is streamed and not kept", id, err)
	return fmt.Errorf("%w: %w", ErrNotKept, downloadview.AsCause(err))
}

// An origin is where content comes from: a file that makes it, or a second store.
type origin struct {
	handle     fs.File
	attributes downloadview.Attributes
	name       string
	made       time.Time // when it was complete; zero: when it will be
	sha256     []byte    // that the content must have; nil: not known
}

func (m *making) fromFile() (o origin, err error) {
	defer recoverInto(&err)
	h, err := wrapper.Open(m.ctx, m.file)
	if err != nil {
		return origin{}, m.causeOf(err)
	}
	fi, err := wrapper.Stat(h)
	if err == nil && fi.Mode()&fs.ModeType != 0 {
		err = fmt.Errorf("%q is no regular file (%v): %w", fi.Name(), fi.Mode(), fs.ErrNotExist)
	}
	if err != nil {
		h.Close()
		return origin{}, err
	}
	a := downloadview.AttributesOf(fi)
	if a.ETag = a.StrongETag(); a.ETag == "" {
		// Made again, the content may have other bytes, such as those of a time
		// stamp. So the tag is that of this making.
		a.ETag = `"` + rand.Text() + `"`
	}
	a.ReprDigest, a.Metadata = "", nil
	return origin{handle: h, attributes: a, name: m.file.Name()}, nil
}

// causeOf returns err, or why the making was ended.
func (m *making) causeOf(err error) error {
	if cause := context.Cause(m.ctx); err != nil && cause != nil {
		return cause
	}
	return err
}

// recoverInto makes a panic of a producer an error: in this goroutine it would end
// the program.
func recoverInto(err *error) {
	switch p := recover(); p {
	case nil:
	case http.ErrAbortHandler:
		*err = http.ErrAbortHandler
	default:
		*err = &panicError{p, debug.Stack()}
	}
}

// A panicError is a panic of code that makes content. It says nothing about the
// file, even if the value is an error.
type panicError struct {
	value any
	stack []byte
}

func (e *panicError) Error() string { return fmt.Sprintf("panic: %v", e.value) }

// LogValue adds the stack, which is only for the log.
func (e *panicError) LogValue() slog.Value {
	return slog.StringValue(fmt.Sprintf("%v\n%s", e, e.stack))
}

// make reads the content into a part, and keeps it.
func (m *making) make(from origin) (*record, error) {
	s := m.spool
	p, err := s.newPart(m.name)
	if err != nil {
		return nil, s.folderFailed(m.id, err)
	}
	defer p.leave()
	defer p.close()
	size := from.attributes.Size
	if err := s.room(p, max(size, 0)); err != nil {
		return nil, m.noRoom(err)
	}
	if err := m.describe(p, from); err != nil {
		return nil, s.folderFailed(m.id, err)
	}
	m.info, m.part = from.attributes, p
	close(m.ready)

	w := &writer{making: m, part: p, size: size, hash: sha256.New()}
	err = w.take(from.handle)
	digest := w.hash.Sum(nil)
	if err == nil && from.sha256 != nil && !bytes.Equal(digest, from.sha256) {
		err = errDamaged
		s.secondIsDamaged(m.ctx, m.name)
	}
	switch {
	case w.alone != nil:
		s.mu.Lock()
		s.retire(m)
		s.mu.Unlock()
		p.finish(w.written, errAlone)
		return nil, m.noRoom(w.alone)
	case err != nil:
		err = m.causeOf(err)
		s.mu.Lock()
		s.retire(m)
		s.mu.Unlock()
		p.finish(w.shown, err)
		return nil, err
	}
	p.finish(w.written, io.EOF)

	r := newRecord(m.id, from.name, from.attributes)
	r.Size, r.SHA256, r.Made = w.written, digest, from.made
	if err := m.keep(p, &r); err != nil {
		if errors.Is(err, ErrNotKept) {
			return nil, err
		}
		return nil, s.folderFailed(m.id, err)
	}
	return &r, nil
}

// describe lets other processes follow p, unless it was forgotten.
func (m *making) describe(p *part, from origin) error {
	m.spool.mu.Lock()
	defer m.spool.mu.Unlock()
	if m.forgotten {
		return nil
	}
	return p.describe(newRecord(m.id, from.name, from.attributes))
}

// noRoom returns the outcome if err keeps the content from being spooled.
func (m *making) noRoom(err error) error {
	s := m.spool
	if err == errTooLarge {
		s.mu.Lock()
		if len(s.unfit) >= 1024 {
			clear(s.unfit)
		}
		s.unfit[m.name] = true
		s.mu.Unlock()
	}
	if errors.Is(err, ErrNotKept) {
		return err
	}
	return s.folderFailed(m.id, err)
}

// keep makes the part the complete file.
func (m *making) keep(p *part, r *record) error {
	s := m.spool
	if !r.Made.IsZero() {
		if err := s.root.Chtimes(p.path, r.Made, r.Made); err != nil {
			return err
		}
	}
	if err := p.file.Sync(); err != nil {
		return err
	}
	fi, err := p.file.Stat()
	if err != nil {
		return err
	}
	r.Made = fi.ModTime()
	if err := r.agrees(fi); err != nil {
		return err
	}
	if err := s.writeRecord(m.name, r); err != nil {
		return err
	}
	if err := m.complete(p); err != nil {
		s.root.Remove(recordsDir + "/" + m.name)
		return err
	}
	s.syncFolder(recordsDir)
	s.syncFolder(filesDir)
	return nil
}

// complete gives the part the name under which it is served.
func (m *making) complete(p *part) error {
	s := m.spool
	s.mu.Lock()
	defer s.mu.Unlock()
	if m.forgotten {
		return fmt.Errorf("%w: it was forgotten meanwhile", ErrNotKept)
	}
	if err := s.root.Rename(p.path, filesDir+"/"+m.name); err != nil {
		return err
	}
	p.keep()
	p.close()
	return nil
}

// syncFolder writes names to disk. Not every system can; then they are written later.
func (s *Spool) syncFolder(name string) {
	if d, err := s.root.Open(name); err == nil {
		d.Sync()
		d.Close()
	}
}

// A writer writes content to its part.
type writer struct {
	making *making
	part   *part
	size   int64 // -1: not known
	hash   hash.Hash

	written int64
	shown   int64 // of them, to those who follow
	alone   error // why the folder takes no more
	err     error // of the first Write that failed, and of all after it
}

var (
	errTooLong = errors.New("the content is longer than its size")
	errDamaged = fmt.Errorf("%w: the content of the second store has another digest than what was saved", downloadview.ErrUpstream)
)

// take writes all of h.
func (w *writer) take(h fs.File) (err error) {
	defer recoverInto(&err)
	_, err = io.Copy(w, h)
	switch {
	case w.err != nil:
		return w.err
	case err != nil:
		return err
	case w.written < w.size:
		return fmt.Errorf("%d bytes are missing: %w", w.size-w.written, io.ErrUnexpectedEOF)
	}
	// A producer that was told to end may return without an error.
	return context.Cause(w.making.ctx)
}

func (w *writer) Write(p []byte) (int, error) {
	if w.err == nil {
		w.err = context.Cause(w.making.ctx)
	}
	if w.err != nil || len(p) == 0 {
		return 0, w.err
	}
	if w.size >= 0 && int64(len(p)) > w.size-w.written {
		w.err = errTooLong
		return 0, w.err
	}
	if w.alone = w.reserve(w.written + int64(len(p))); w.alone != nil {
		w.err = errAlone
		return 0, w.err
	}
	n, err := w.part.file.WriteAt(p, w.written)
	w.hash.Write(p[:n])
	w.written += int64(n)
	if err != nil {
		w.alone, w.err = err, errAlone
		return n, w.err
	}
	// The last byte of a known size waits until everything has turned out right,
	// because a client that has all bytes takes the download for complete.
	if w.shown = w.written; w.written == w.size {
		w.shown--
	}
	w.part.grow(w.shown)
	return n, nil
}

// Flush does nothing: what is written can be read at once.
func (w *writer) Flush() {}

// reserve makes sure that the part may have size bytes.
func (w *writer) reserve(size int64) error {
	s := w.making.spool
	if s.options.MaxBytes == 0 || size <= w.part.reserved {
		return nil
	}
	ahead := min(size+max(size/8, 1<<20), s.options.MaxBytes)
	if ahead > size && s.room(w.part, ahead) == nil {
		return nil
	}
	return s.room(w.part, size)
}

var (
	_ http.Flusher   = (*writer)(nil)
	_ slog.LogValuer = (*panicError)(nil)
)
