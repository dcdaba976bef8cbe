//go:build darwin || dragonfly || freebsd || illumos || linux || netbsd || openbsd

package spool

import (
	"errors"
	"os"
	"syscall"
)

// tryLock locks the file at path; unlock is nil if another one has the lock. The holder
// removes the file before unlocking it, so what is locked here may have been removed
// meanwhile. Package lockedfile uses flock(2) on these systems, too.
func tryLock(path string) (unlock func(), err error) {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o666)
	if err != nil {
		return nil, err
	}
	switch err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); {
	case errors.Is(err, syscall.EWOULDBLOCK), errors.Is(err, syscall.EINTR):
		f.Close()
		return nil, nil
	case err != nil:
		f.Close()
		return nil, &os.PathError{Op: "flock", Path: path, Err: err}
	case !isAt(path, f.Stat):
		f.Close()
		return nil, nil
	}
	return func() {
		os.Remove(path)
		f.Close()
	}, nil
}
