package spool

import (
	"context"
	"os"
	"path/filepath"
	"time"

	"github.com/rogpeppe/go-internal/lockedfile"
)

// lock makes this the only one, in all processes, to make the content called name.
// While another one makes it, meanwhile is called again and again. If that returns true,
// the lock isn't needed any more, and unlock is nil. The error is the cause of ctx if that
// ends first.
func (s *Spool) lock(ctx context.Context, name string, meanwhile func() bool) (unlock func(), err error) {
	type result struct {
		unlock func()
		err    error
	}
	locked := make(chan result, 1)
	go func() {
		unlock, err := waitForLock(s.lockPath(name))
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
				go giveUp() // waiting can't be interrupted
				return nil, nil
			}
		case <-ctx.Done():
			go giveUp()
			return nil, context.Cause(ctx)
		}
	}
}

// lookAgain is how often a process looks for more of what another one is making.
const lookAgain = 100 * time.Millisecond

func (s *Spool) lockPath(name string) string { return filepath.Join(s.dir, locksDir, name) }

// waitForLock locks the file at path. Its holder removes the file before unlocking
// it, so what is locked here may have been removed meanwhile.
func waitForLock(path string) (unlock func(), err error) {
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
