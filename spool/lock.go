package spool

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"time"

	"github.com/rogpeppe/go-internal/lockedfile"
)

// lock makes this the only one, in all processes, to make the content called name.
// While another one makes it, meanwhile is called again and again. If that returns true,
// the lock isn't needed any more, and unlock is nil. The error is the cause of ctx if that
// ends first.
//
// It tries again and again: what waits for a file's lock can't be interrupted, and is a
// thread of the system, of which a program must not have many.
func (s *Spool) lock(ctx context.Context, name string, meanwhile func() bool) (unlock func(), err error) {
	path := s.lockPath(name)
	unlock, err = tryLock(path)
	if errors.Is(err, errors.ErrUnsupported) {
		return waitForLock(ctx, path, meanwhile)
	}
	pause := time.Millisecond
	again := time.NewTimer(pause)
	defer again.Stop()
	for unlock == nil && err == nil {
		select {
		case <-again.C:
		case <-ctx.Done():
			return nil, context.Cause(ctx)
		}
		if meanwhile() {
			return nil, nil
		}
		unlock, err = tryLock(path)
		pause = min(2*pause, lookAgain)
		again.Reset(pause)
	}
	return unlock, err
}

// lookAgain is how often a process looks for more of what another one is making.
const lookAgain = 100 * time.Millisecond

func (s *Spool) lockPath(name string) string { return filepath.Join(s.dir, locksDir, name) }

// waitForLock is lock where a lock can't be tried.
func waitForLock(ctx context.Context, path string, meanwhile func() bool) (unlock func(), err error) {
	type result struct {
		unlock func()
		err    error
	}
	locked := make(chan result, 1)
	go func() {
		unlock, err := waitUninterrupted(path)
		locked <- result{unlock, err}
	}()
	giveUp := func() {
		if r := <-locked; r.err == nil {
			r.unlock()
		}
	}
	again := time.NewTicker(lookAgain)
	defer again.Stop()
	for {
		select {
		case r := <-locked:
			return r.unlock, r.err
		case <-again.C:
			if meanwhile() {
				go giveUp()
				return nil, nil
			}
		case <-ctx.Done():
			go giveUp()
			return nil, context.Cause(ctx)
		}
	}
}

// waitUninterrupted locks the file at path. Its holder removes the file before unlocking
// it, so what is locked here may have been removed meanwhile.
func waitUninterrupted(path string) (unlock func(), err error) {
	for {
		l, err := lockedfile.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o666)
		if err != nil {
			return nil, err
		}
		if isAt(path, l.Stat) {
			return func() {
				os.Remove(path) // on Windows another one that waits keeps it
				l.Close()
			}, nil
		}
		l.Close()
	}
}

// isAt reports whether the file of stat is the one at path.
func isAt(path string, stat func() (os.FileInfo, error)) bool {
	held, err := stat()
	if err != nil {
		return false
	}
	there, err := os.Stat(path)
	return err == nil && os.SameFile(held, there)
}
