package disk

import (
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"time"

	"github.com/downloadview/downloadview/internal/localfile"
)

// rooted is the folder that a Storage has open.
type rooted struct {
	root  *localfile.Root
	info  fs.FileInfo // of the folder; nil: not known
	own   bool        // the storage opened it
	leads bool        // the path of the storage leads to it
}

// Open opens the directory dir, whose links are followed, and returns a storage
// of its files. Unlike an [os.Root], dir may be a folder that may be searched but
// not read. The caller closes the storage after the last use.
//
// The storage stays with the directory that it has opened, wherever dir leads
// later, until [Storage.Reopen], or unless Options.Follow is set. An error is that
// of the system, an [fs.PathError].
func Open(dir string, o *Options) (*Storage, error) {
	abs, err := filepath.Abs(dir)
	if err != nil {
		return nil, err
	}
	s := newStorage(abs, o)
	at, err := openRooted(abs)
	if err != nil {
		return nil, err
	}
	s.current.Store(at)
	return s, nil
}

// openRooted opens the folder dir, and never waits for the other end of a pipe.
func openRooted(dir string) (*rooted, error) {
	root, err := localfile.OpenRoot(dir)
	if err != nil {
		return nil, err
	}
	info, err := root.Stat(".")
	if err != nil {
		root.Close()
		return nil, err
	}
	return &rooted{root: root, info: info, own: true, leads: true}, nil
}

// Reopen opens the path of the root again: after a link in it was switched, or
// something was mounted there. Files and listings from then on are those of the
// directory that it leads to now; files that are open stay so. If it can't be
// opened, the error says why, and the storage stays with the directory it has. If
// the path doesn't lead there any more, its files have no source until a later
// Reopen succeeds, so that no proxy is told to send others.
//
// Of a storage that was made by [New] the root that it was given is left to the
// caller, who then also closes the storage. Where the path wasn't known the error
// is [errors.ErrUnsupported]; after Close it is [fs.ErrClosed].
func (s *Storage) Reopen() error {
	if s.dir == "" {
		return fmt.Errorf("disk: %w: the path of the root led elsewhere from the beginning", errors.ErrUnsupported)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return &fs.PathError{Op: "open", Path: s.dir, Err: fs.ErrClosed}
	}
	old := s.current.Load()
	at, err := openRooted(s.dir)
	if err != nil {
		stays := *old
		stays.leads = s.leadsTo(old)
		s.current.Store(&stays)
		return err
	}
	s.current.Store(at)
	if old.own {
		old.root.Close() // whoever uses it begins again
	}
	return nil
}

// Close closes the directory, if the storage has opened it. Files that are open
// stay so.
func (s *Storage) Close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.closed = true
	if at := s.current.Load(); at.own {
		return at.root.Close()
	}
	return nil
}

// leadsTo reports whether the path leads to what is open.
func (s *Storage) leadsTo(at *rooted) bool {
	fi, err := os.Stat(s.dir)
	return err == nil && at.info != nil && os.SameFile(fi, at.info)
}

// at returns the folder that is used now.
func (s *Storage) at() *rooted {
	if s.options.Follow > 0 && s.dir != "" {
		s.follow()
	}
	return s.current.Load()
}

// follow opens the path again if it leads elsewhere, for which it looks as often
// as Options.Follow says.
func (s *Storage) follow() {
	now, last := int64(time.Since(s.made)), s.looked.Load()
	if now-last < int64(s.options.Follow) || !s.looked.CompareAndSwap(last, now) {
		return
	}
	if at := s.current.Load(); at.leads && s.leadsTo(at) {
		return
	}
	err := s.Reopen()
	s.tell(err)
}

// tell logs that the path has led elsewhere. A failure is told once.
func (s *Storage) tell(err error) {
	failure := ""
	if err != nil {
		failure = err.Error()
	}
	s.mu.Lock()
	again := failure != "" && failure == s.failure
	s.failure = failure
	s.mu.Unlock()
	if again || errors.Is(err, fs.ErrClosed) {
		return
	}
	l := s.options.Logger
	if l == nil {
		l = slog.Default()
	}
	if err != nil {
		l.Warn("the path of the directory leads elsewhere and can't be opened; the old directory stays",
			slog.String("path", s.dir), slog.Any("error", err))
		return
	}
	l.Info("the path of the directory leads elsewhere, and was opened again", slog.String("path", s.dir))
}

// replaced reports whether err came because at was closed for another folder
// that is used now.
func (s *Storage) replaced(at *rooted, err error) bool {
	return err != nil && errors.Is(err, fs.ErrClosed) && s.current.Load().root != at.root
}
