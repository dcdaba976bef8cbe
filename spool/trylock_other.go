//go:build !(darwin || dragonfly || freebsd || illumos || linux || netbsd || openbsd)

package spool

import "errors"

// tryLock says that a lock can't be tried here. What a process has left is removed when the
// same content is made the next time.
func tryLock(string) (unlock func(), err error) { return nil, errors.ErrUnsupported }
