package spool

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"sync"
	"time"

	"github.com/downloadview/downloadview"
	"github.com/downloadview/downloadview/internal/localfile"
)

// A kept file is complete content that is open. The kernel can send it.
type kept struct {
	*os.File
	info    fs.FileInfo
	release func()
}

func (k *kept) Stat() (fs.FileInfo, error) { return k.info, nil }

func (k *kept) Close() error {
	err := k.File.Close()
	k.release()
	return err
}

// openKept opens the content called name. The error is fs.ErrNotExist if it must be
// made.
func (s *Spool) openKept(name string) (*kept, *record, error) {
	release := s.hold(name)
	h, err := s.root.OpenFile(filesDir+"/"+name, os.O_RDONLY|localfile.Large, 0)
	if err != nil {
		release()
		return nil, nil, asMissing(err)
	}
	fi, err := h.Stat()
	var r *record
	if err == nil {
		r, err = s.recordOf(name, fi)
	}
	if err != nil {
		h.Close()
		release()
		return nil, nil, asMissing(err)
	}
	return &kept{h, r.fileInfo(), release}, r, nil
}

// statKept returns the record of complete content without opening it.
func (s *Spool) statKept(name string) (*record, error) {
	fi, err := s.root.Lstat(filesDir + "/" + name)
	if err != nil {
		return nil, asMissing(err)
	}
	r, err := s.recordOf(name, fi)
	if err != nil {
		return nil, asMissing(err)
	}
	return r, nil
}

func (s *Spool) recordOf(name string, fi fs.FileInfo) (*record, error) {
	if s.isOld(fi.ModTime()) {
		return nil, fs.ErrNotExist
	}
	r, err := s.readRecord(name)
	if err == nil {
		err = r.agrees(fi)
	}
	return r, err
}

// asMissing makes every failure of the folder mean that the content must be made.
func asMissing(err error) error {
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, fs.ErrClosed) {
		return err
	}
	return errors.Join(fs.ErrNotExist, downloadview.AsCause(err))
}

// isOld reports whether content was made more than MaxAge ago; or later than that from now,
// because the clock was set back.
func (s *Spool) isOld(made time.Time) bool {
	return s.options.MaxAge > 0 && time.Since(made).Abs() > s.options.MaxAge
}

// hold keeps the file called name from being removed to make room.
func (s *Spool) hold(name string) (release func()) {
	s.mu.Lock()
	s.open[name]++
	s.mu.Unlock()
	return sync.OnceFunc(func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		if s.open[name]--; s.open[name] == 0 {
			delete(s.open, name)
		}
	})
}

// use records that name is in use until t, for all processes. A second makes no
// difference.
func (s *Spool) use(name string, t time.Time) {
	if s.lastUse(name).After(t.Add(-time.Second)) {
		return
	}
	s.root.Chtimes(recordsDir+"/"+name, t, t) // fails if it was removed just now
}

// handOver records that a proxy may open the file called name within the next minute. It
// returns false if it was removed just now.
func (s *Spool) handOver(name string) bool {
	s.mu.Lock() // evict has it from looking at the last use until the file is removed
	defer s.mu.Unlock()
	s.use(name, time.Now().Add(handedOver))
	_, err := s.root.Lstat(filesDir + "/" + name)
	return err == nil
}

// lastUse returns the time until which name was used; it may be in the future, up to
// handedOver. A later one isn't known any more: the clock was set back.
func (s *Spool) lastUse(name string) time.Time {
	fi, err := s.root.Lstat(recordsDir + "/" + name)
	if err != nil || fi.ModTime().After(time.Now().Add(handedOver)) {
		return time.Time{}
	}
	return fi.ModTime()
}

// remove removes complete content. The record goes last: a file without one is
// never served.
func (s *Spool) remove(name string) error {
	err := s.root.Remove(filesDir + "/" + name)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if err := s.root.Remove(recordsDir + "/" + name); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}

// Forget removes the content, also from Options.Second if that is a
// [downloadview.Deleter]. Content that is not there is no error. What is being made
// in this process goes on for those who follow it, but is not kept; later requests
// make it again. Another process that is making it may keep it: change the Version of
// an ID in place of forgetting it, where you can.
func (s *Spool) Forget(ctx context.Context, id ID) error {
	if err := id.check(); err != nil {
		return err
	}
	name := id.name()
	s.mu.Lock()
	err := s.forget(name)
	s.mu.Unlock()
	if s.options.Second == nil {
		return err
	}
	err = errors.Join(err, s.forgetSecond(ctx, name))
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, m := range []*making{s.making[name], s.saving[name]} {
		if m != nil && m.fresh {
			return err // the content is new
		}
	}
	// A request may have found it there before it was removed.
	return errors.Join(err, s.forget(name))
}

// forget removes the content from the folder, and keeps what is being made or saved from
// staying anywhere. The caller has mu.
func (s *Spool) forget(name string) error {
	if m := s.making[name]; m != nil {
		m.forgotten = true
		delete(s.making, name)
	}
	if m := s.saving[name]; m != nil {
		m.forgotten = true
		m.cancel(errForgotten)
	}
	s.hideParts(name)
	delete(s.unfit, name)
	return s.remove(name)
}

// SHA256 returns the digest of complete content. It is computed while the content
// is made. ok is false if the content is not there.
func (s *Spool) SHA256(id ID) (digest []byte, ok bool) {
	r, err := s.statKept(id.name())
	if err != nil {
		return nil, false
	}
	return r.SHA256, true
}
