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

// rooted is the open folder of a Storage.
type rooted struct {
	root  *localfile.Root
	info  fs.FileInfo // of the folder; nil: unknown
	own   bool        // the storage opened it
	leads bool        // the path of the storage leads to it
}

// Open opens the directory dir, following links, and returns a storage of its
// files. Unlike [os.OpenRoot], Open needs only search permission for dir, not
// read permission. The caller closes the storage after the last use. An empty
// dir, as from a variable that isn't set, is [fs.ErrNotExist], not the working
// directory.
//
// The storage keeps using the directory that it has opened, even if dir leads
// to another one later. [Storage.Reopen] and Options.Follow change that. An
// error is the system's, as an [fs.PathError].
func Open(dir string, o *Options) (*Storage, error) {
	if dir == "" {
		return nil, &fs.PathError{Op: "open", Path: dir, Err: fmt.Errorf("%w: the path of the directory is empty", fs.ErrNotExist)}
	}
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

// openRooted opens the folder dir. It never waits for the other end of a pipe.
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

// Reopen opens the path of the root again. Call it after a link in the path was
// switched or a file system was mounted there. Files opened and listings made
// from then on are those of the directory that the path leads to now; open
// files stay open. If the directory can't be opened, Reopen returns the error
// and the storage keeps the directory it has. If, in that case, the path no
// longer leads to this directory, files have no source until a later Reopen
// succeeds, so that no proxy is told to send other files.
//
// If [New] made the storage, the caller still closes the root that it passed to
// New, and closes the storage as well. If the path of the root wasn't known,
// the error is [errors.ErrUnsupported]; after Close it is [fs.ErrClosed].
func (s *Storage) Reopen() error {
	if s.dir == "" {
		return fmt.Errorf("disk: %w: the path of the root led to another directory when the storage was made", errors.ErrUnsupported)
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
		old.root.Close() // operations that use it start again
	}
	return nil
}

// Close closes the directory if the storage has opened it. Open files stay
// open.
func (s *Storage) Close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.closed = true
	if at := s.current.Load(); at.own {
		return at.root.Close()
	}
	return nil
}

// leadsTo reports whether the path leads to the open folder.
func (s *Storage) leadsTo(at *rooted) bool {
	fi, err := os.Stat(s.dir)
	return err == nil && at.info != nil && os.SameFile(fi, at.info)
}

// at returns the current folder.
func (s *Storage) at() *rooted {
	if s.options.Follow > 0 && s.dir != "" {
		s.follow()
	}
	return s.current.Load()
}

// follow opens the path again if it leads to another directory. It checks as
// often as Options.Follow allows.
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

// tell logs the result of opening the path again. The same failure is logged
// once.
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
		l.Warn("the directory's path leads to another one, which can't be opened; the old one stays in use",
			slog.String("path", s.dir), slog.Any("error", err))
		return
	}
	l.Info("the directory was opened again, because its path leads to another one", slog.String("path", s.dir))
}

// replaced reports whether err occurred because at was closed and another
// folder is current.
func (s *Storage) replaced(at *rooted, err error) bool {
	return err != nil && errors.Is(err, fs.ErrClosed) && s.current.Load().root != at.root
}
