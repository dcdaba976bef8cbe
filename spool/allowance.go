package spool

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"os"

	"github.com/downloadview/downloadview/internal/localfile"
)

// An allowance is room that this process holds for what it makes next, so that it need
// not count everything in the folder each time. Others see it as the room of a part,
// which goes if this process is killed. The zero value holds nothing.
//
// Only who holds the quota may use it.
type allowance struct {
	size   int64
	room   *os.File // its size is size; nil: none yet
	remove func()
}

// set makes the allowance size bytes. It is less if there can be no allowance here.
func (a *allowance) set(s *Spool, size int64) {
	if size == a.size || a.room == nil && !a.make(s) {
		return
	}
	if err := a.room.Truncate(size); err != nil && size > a.size {
		return
	}
	a.size = size
}

// make makes the file of an allowance, and locks it as a part is locked.
func (a *allowance) make(s *Spool) bool {
	b := make([]byte, sha256.Size)
	rand.Read(b)
	name := hex.EncodeToString(b)
	unlock, err := tryLock(s.lockPath(name))
	if unlock == nil || err != nil {
		return false
	}
	path := partsDir + "/" + name + "." + rand.Text() + roomSuffix
	room, err := s.root.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL|localfile.Large, 0o666)
	if err != nil {
		unlock()
		return false
	}
	a.room, a.remove = room, func() {
		room.Close()
		s.root.Remove(path)
		unlock()
	}
	return true
}

// close gives the room back.
func (a *allowance) close() {
	if a.room != nil {
		a.remove()
		*a = allowance{}
	}
}
